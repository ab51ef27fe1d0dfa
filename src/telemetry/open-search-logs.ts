import { isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';

/** How records are written into an OpenSearch that is already there. */
export interface OpenSearchLogs {
  /**
   * The Secret in each cluster with the user that agents are, under the keys `username` and `password`, in the namespace of the agents. The user needs to
   * write into the indices, to make them, and nothing else.
   *
   * @default - none: OpenSearch knows the agents by the certificate that they show
   */
  readonly credentialsSecret?: string;

  /**
   * What the indices begin with that have all that isn't REANA's: `<prefix>-<cluster>`. REANA asks for `fluentbit-workflow_log`, `fluentbit-job_log` and
   * `fluentbit-dask_log`; what belongs there goes there and nowhere else.
   *
   * Refused at synth: what OpenSearch takes for no name of an index (lower-case letters, digits, `-`, `_` and `.`, of which the first is a letter or a digit).
   *
   * @default 'logs'
   */
  readonly indexPrefix?: string;

  /**
   * The clusters that may write into it.
   *
   * @default - any
   */
  readonly clusters?: string[];
}

/** Keys of the Secret, and the variables that an agent has them in. */
export const OPEN_SEARCH_USER = { LOGS_USER: 'username', LOGS_PASSWORD: 'password' } as const;

export function openSearchLogsProblems({ credentialsSecret, indexPrefix }: OpenSearchLogs): string[] {
  return [
    ...credentialsSecret === undefined || isDnsSubdomain(credentialsSecret) ? [] : [problem('store.credentialsSecret', credentialsSecret, 'the name of a Secret')],
    ...indexPrefix === undefined || /^[a-z0-9][a-z0-9_.-]{0,99}$/.test(indexPrefix)
      ? [] : [problem('store.indexPrefix', indexPrefix, 'at most 100 lower-case letters, digits, "-", "_" and ".", of which the first is a letter or a digit')],
  ];
}
