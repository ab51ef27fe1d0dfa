import { Duration } from 'cdk8s';
import { ClassAdExpression } from './classad';
import { KnobSet } from './config';

/** When a machine began, by its own clock. HTCondor tells the pool as much (`DaemonStartTime`), and the machine's own expressions not. */
export const BEGAN_ATTRIBUTE = 'ExecutionPointBegan';

/** Has a machine know when it began. */
export function setBegan(knobs: KnobSet): void {
  knobs.section('When it began');
  knobs.add('STARTD_CRON_JOBLIST', 'BEGAN');
  knobs.set('STARTD_CRON_BEGAN_EXECUTABLE', '/bin/date');
  knobs.set('STARTD_CRON_BEGAN_ARGS', `+${BEGAN_ATTRIBUTE}=%s`);
  knobs.set('STARTD_CRON_BEGAN_MODE', 'OneShot');
  // the pool hears of it at once
  if (!knobs.has('STARTD_CRON_AUTOPUBLISH')) { knobs.set('STARTD_CRON_AUTOPUBLISH', 'If_Changed'); }
}

/** Whether jobs start: on a machine that is old none does. Those that run go on. */
export function startWhileYoung(start: ClassAdExpression, lifetime: Duration): ClassAdExpression {
  return ClassAdExpression.parse(`time() - ${BEGAN_ATTRIBUTE} < ${lifetime.toSeconds()}`).and(start);
}
