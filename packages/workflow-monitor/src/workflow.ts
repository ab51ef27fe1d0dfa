/* What the server tells the page: the one thing that both know. */

export type WorkflowState = 'REGISTERED' | 'STARTED' | 'ACTIVE' | 'SUCCESS' | 'FAILURE';

export const STEP_STATES = ['DEFINED', 'RUNNING', 'SUCCESS', 'FAILURE'] as const;
export type StepState = typeof STEP_STATES[number];

/** A workflow, as lists have it. */
export interface WorkflowSummary {
  readonly namespace: string;
  readonly id: string;
  /** Whose it is: an engine of this library's, or REANA's run-batch. */
  readonly kind: 'yadage' | 'reana';
  readonly state: WorkflowState;
  /** Of a failure, or why it doesn't begin; one line. */
  readonly reason: string;
  /** When the workflow server took it, by ISO 8601, while it waits for a slot. */
  readonly registered?: string;
  /** When it began. */
  readonly started?: string;
  /** When its engine was last heard of. */
  readonly lastSeen?: string;
  readonly counts: { readonly [state in StepState]: number };
}

export interface Step {
  readonly id: string;
  readonly name: string;
  /** The stage that it belongs to; empty if nobody says. */
  readonly stage: string;
  readonly state: StepState;
  /** Its Job; none if the engine computes it. */
  readonly job?: string;
  /** The cluster that it runs in, if that isn't the engine's. */
  readonly cluster?: string;
  readonly submitted?: string;
  readonly ready?: string;
  /** Why it failed, or what it waits for. */
  readonly message?: string;
  /** Whether there is a log of it in this cluster: of a pod, or, where it ran elsewhere, what its engine keeps. */
  readonly hasLog: boolean;
  /** Its log in the central store. */
  readonly logsUrl?: string;
}

export interface Stage {
  readonly id: string;
  readonly name: string;
  /** The sub-workflow around it; empty at the top. */
  readonly scope: string;
  readonly applied: boolean;
}

/** A workflow with all that is shown of it. */
export interface Workflow extends WorkflowSummary {
  readonly stages: readonly Stage[];
  readonly steps: readonly Step[];
  /** From whom to whom, by ids of steps. */
  readonly edges: readonly (readonly [string, string])[];
  /** Whether there is a log of the engine's. */
  readonly hasLog: boolean;
  /** Its logs in the central store. */
  readonly logsUrl?: string;
}

export function countsOf(steps: readonly { readonly state: StepState }[]): { [state in StepState]: number } {
  const counts = { DEFINED: 0, RUNNING: 0, SUCCESS: 0, FAILURE: 0 };
  for (const { state } of steps) { counts[state] += 1; }
  return counts;
}
