/** What becomes of a request: REGISTERED waits for a slot, STARTED has a Job, ACTIVE has a pod that runs; the others are ends. */
export const STATES = ['REGISTERED', 'STARTED', 'ACTIVE', 'SUCCESS', 'FAILURE'] as const;

export type State = typeof STATES[number];

/** What takes a slot. */
export const IN_A_SLOT: readonly State[] = ['STARTED', 'ACTIVE'];
