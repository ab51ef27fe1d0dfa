import { Duration } from 'cdk8s';
import { scheduleProblems } from './reana-housekeeping';
import { problem } from '../problem';

/** An image that users may open a session with. */
export interface ReanaSessionImage {
  /** How it is called in the UI. */
  readonly name: string;

  /** Its reference, with a tag or a digest. */
  readonly image: string;
}

/** Interactive sessions: notebooks on the workspace of a workflow. */
export interface ReanaSessions {
  /**
   * The images that are offered (`REANA_INTERACTIVE_SESSIONS_ENVIRONMENTS`). The first is taken where a user names none.
   *
   * @default - Jupyter's SciPy notebook 7.2.2
   */
  readonly jupyterImages?: ReanaSessionImage[];

  /**
   * Whether users may bring images of their own.
   *
   * @default false
   */
  readonly customImages?: boolean;

  /**
   * After how many whole days without use a session is closed (`REANA_INTERACTIVE_SESSION_MAX_INACTIVITY_PERIOD`). Refused with
   * another prefix than `reana`: the program that looks for sessions knows them by that prefix alone.
   *
   * @default - never
   */
  readonly maxInactivity?: Duration;

  /**
   * When unused sessions are looked for, as a CronJob says it, in UTC. A run is ended after 23 hours.
   *
   * @default '0 3 * * *'
   */
  readonly schedule?: string;
}

const JUPYTER: ReanaSessionImage = { name: 'Jupyter SciPy Notebook 7.2.2', image: 'quay.io/jupyter/scipy-notebook:notebook-7.2.2' };

/** The images that are offered. */
export function sessionImages({ jupyterImages }: ReanaSessions): ReanaSessionImage[] {
  return jupyterImages ?? [JUPYTER];
}

/** The environments as the server, the workflow controller and the UI take them. */
export function sessionEnvironments(sessions: ReanaSessions): object {
  const recommended = sessionImages(sessions).map(({ image, name }) => ({ image, name }));
  return { jupyter: { recommended, allow_custom: sessions.customImages ?? false } };
}

/** Whole days, or the word that stands for no end. */
export function inactivityPeriod({ maxInactivity }: ReanaSessions): number | 'forever' {
  return maxInactivity?.toDays({ integral: false }) ?? 'forever';
}

export function sessionProblems({ jupyterImages, maxInactivity, schedule }: ReanaSessions): string[] {
  const problems = scheduleProblems('sessions.schedule', schedule);
  if (jupyterImages?.length === 0) { problems.push(problem('sessions.jupyterImages', [], 'at least one image')); }
  const days = maxInactivity?.toDays({ integral: false });
  if (days !== undefined && !(Number.isInteger(days) && days >= 1)) {
    problems.push(problem('sessions.maxInactivity', `${days} days`, 'whole days, at least 1'));
  }
  return problems;
}
