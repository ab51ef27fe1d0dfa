import { Size } from 'cdk8s';
import { KnobSet } from './config';
import { PATHS } from './paths';

/** Files of records besides the one that is written to. */
const ROTATIONS = 3;

/** Has the shadows of an access point write a record at the end of each run of a job, whatever becomes of the job. */
export function setRunHistory(knobs: KnobSet, size: Size): void {
  knobs.section('A record of each run of a job');
  knobs.set('JOB_EPOCH_HISTORY', `${PATHS.spool}/epoch_history`);
  knobs.set('MAX_EPOCH_HISTORY_LOG', Math.floor(size.toKibibytes() * 1024 / (ROTATIONS + 1)));
  knobs.set('MAX_EPOCH_HISTORY_ROTATIONS', ROTATIONS);
}
