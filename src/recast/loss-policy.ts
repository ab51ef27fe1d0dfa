/** What becomes of a step that runs elsewhere, when that place isn't heard of any more. */
export enum LossPolicy {
  /** It is begun again, once, elsewhere. Whatever the first may still write is not taken. A second loss fails it. */
  RERUN = 'rerun',
  /** It fails, and the workflow with it. */
  FAIL = 'fail',
}
