import { ClassAdExpression } from './classad';
import { KnobSet } from './config';
import { NegotiatorPreemption } from './negotiator-preemption';
import { problem } from '../problem';

/** Which jobs a machine takes, which it prefers, and when it lets one go. */
export interface StartdPolicy {
  readonly start?: ClassAdExpression;
  readonly rank?: ClassAdExpression;
  readonly preempt?: ClassAdExpression;
  readonly wantVacate?: ClassAdExpression;
  readonly kill?: ClassAdExpression;
}

const KNOBS: { readonly [property in keyof Required<StartdPolicy>]: string } = {
  start: 'START', rank: 'RANK', preempt: 'PREEMPT', wantVacate: 'WANT_VACATE', kill: 'KILL',
};

/** Writes those that are given. */
export function setStartdPolicy(knobs: KnobSet, policy: StartdPolicy): void {
  for (const [property, knob] of Object.entries(KNOBS)) {
    const expression = policy[property as keyof StartdPolicy];
    if (expression) { knobs.set(knob, expression, property); }
  }
}

/** What a fleet or a member says that can't come true, or not in this pool. */
export function startdPolicyProblems(where: string, given: StartdPolicy, effective: StartdPolicy, pool: NegotiatorPreemption = {}): string[] {
  const problems: string[] = [];
  if (given.wantVacate && isConstant(effective.preempt, 'False')) {
    problems.push(problem(`${where}wantVacate`, textOf(given.wantVacate), 'only with preempt: HTCondor asks it of no other job'));
  }
  if (given.rank && !/^-?[0-9.]+$/.test(textOf(given.rank)) && pool.considered === false) {
    problems.push(problem(`${where}rank`, textOf(given.rank), 'none in a pool whose preemption.considered is false: a better job would wait like any other'));
  }
  return problems;
}

function isConstant(expression: ClassAdExpression | undefined, text: string): boolean {
  return expression === undefined || textOf(expression).toLowerCase() === text.toLowerCase();
}

function textOf(expression: ClassAdExpression): string {
  return expression._problems().length > 0 ? '' : expression.toString();
}
