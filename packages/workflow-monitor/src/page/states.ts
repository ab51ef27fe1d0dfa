import { StepState, WorkflowState } from '../workflow';

/** A sign beside each state: nothing is said by colour alone. */
export const SIGNS: { readonly [state in StepState | WorkflowState]: string } = {
  REGISTERED: '○', STARTED: '◔', ACTIVE: '▶', DEFINED: '○', RUNNING: '▶', SUCCESS: '✓', FAILURE: '✗',
};

export const BADGES: { readonly [state in WorkflowState]: string } = {
  REGISTERED: 'info', STARTED: 'warning', ACTIVE: 'warning', SUCCESS: 'success', FAILURE: 'danger',
};

/** Colours of a state in the graph: of the area and its edge. The text on it is black. */
export const COLOURS: { readonly [state in StepState]: readonly [string, string] } = {
  DEFINED: ['#e1f2fb', '#0a4a73'],
  RUNNING: ['#ffdf8a', '#6b4300'],
  SUCCESS: ['#a9e2b8', '#0f5127'],
  FAILURE: ['#f5a39c', '#8c1515'],
};

export const WORDS: { readonly [state in StepState]: string } = { DEFINED: 'defined', RUNNING: 'running', SUCCESS: 'done', FAILURE: 'failed' };
