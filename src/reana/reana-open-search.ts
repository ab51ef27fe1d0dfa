import { environment, EnvironmentVariable, secretVariable } from './environment';
import { ReanaNames } from './reana-names';
import { ProgramSettings } from './reana-pod';
import { isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';
import { SecretReference } from '../workload/secret-reference';

/**
 * A site's OpenSearch, from which REANA's API shows the logs of workflows and of steps while they run. Without one it shows them once they have ended.
 *
 * Whoever collects the logs must write them as REANA's code asks for them: lines in `log`, times in `@timestamp`, and the labels of pods in
 * `kubernetes.labels`, in the indices `fluentbit-workflow_log` and `fluentbit-job_log`. A `LogCollection` does whose store is `LogStore.openSearch`.
 */
export interface ReanaOpenSearch {
  /** The DNS name (`REANA_OPENSEARCH_HOST`). */
  readonly host: string;

  /**
   * The TCP port (`REANA_OPENSEARCH_PORT`).
   *
   * @default 9200
   */
  readonly port?: number;

  /**
   * What its paths begin with, behind a proxy (`REANA_OPENSEARCH_URL_PREFIX`).
   *
   * @default - nothing
   */
  readonly urlPrefix?: string;

  /**
   * Whether the connection is encrypted, and the certificate verified (`REANA_OPENSEARCH_USE_SSL`).
   *
   * @default true
   */
  readonly tls?: boolean;

  /**
   * The certificates of the authorities that its own is verified by, where the image's don't do, under the key `ca.crt`
   * (`REANA_OPENSEARCH_CA_CERTS`). Refused without `tls`.
   *
   * @default - those of the workflow controller's image
   */
  readonly caCertificate?: SecretReference;

  /**
   * The Secret with the user, who needs to search the two indices and nothing else, under the keys `REANA_OPENSEARCH_USER` and `REANA_OPENSEARCH_PASSWORD`.
   *
   * @default '<prefix>-opensearch-secrets'
   */
  readonly credentialsSecret?: string;
}

const AUTHORITIES = { directory: '/etc/reana/opensearch', file: 'ca.crt' };

/** What the workflow controller is told, which looks for logs. */
export function openSearchVariables(names: ReanaNames, openSearch?: ReanaOpenSearch): EnvironmentVariable[] {
  if (!openSearch) { return environment({ REANA_OPENSEARCH_ENABLED: false }); }
  const secretName = openSearch.credentialsSecret ?? names.openSearchSecret;
  return [
    ...environment({
      REANA_OPENSEARCH_ENABLED: true,
      REANA_OPENSEARCH_HOST: openSearch.host,
      REANA_OPENSEARCH_PORT: openSearch.port ?? 9200,
      REANA_OPENSEARCH_URL_PREFIX: openSearch.urlPrefix,
      REANA_OPENSEARCH_USE_SSL: openSearch.tls ?? true,
      REANA_OPENSEARCH_CA_CERTS: openSearch.caCertificate && `${AUTHORITIES.directory}/${AUTHORITIES.file}`,
    }),
    secretVariable('REANA_OPENSEARCH_USER', { secretName }),
    secretVariable('REANA_OPENSEARCH_PASSWORD', { secretName }),
  ];
}

/** What the workflow controller mounts to know it by. */
export function openSearchAuthorities(openSearch?: ReanaOpenSearch): ProgramSettings[] {
  const { secretName, key = AUTHORITIES.file } = openSearch?.caCertificate ?? {};
  return secretName === undefined
    ? []
    : [{ name: 'opensearch-ca', source: { secret: { secretName, items: [{ key, path: AUTHORITIES.file }] } }, path: AUTHORITIES.directory }];
}

export function openSearchProblems({ host, port, urlPrefix, tls, caCertificate, credentialsSecret }: ReanaOpenSearch): string[] {
  const problems: string[] = [];
  if (!isDnsSubdomain(host)) { problems.push(problem('openSearch.host', host, 'a DNS name, such as opensearch.cern.ch')); }
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65535)) { problems.push(problem('openSearch.port', port, 'a port from 1 to 65535')); }
  if (urlPrefix !== undefined && !/^[A-Za-z0-9._~/-]+$/.test(urlPrefix)) { problems.push(problem('openSearch.urlPrefix', urlPrefix, 'a path, such as /logs')); }
  if (caCertificate && tls === false) { problems.push(problem('openSearch.caCertificate', caCertificate, 'nothing, without tls')); }
  for (const [property, name] of Object.entries({ 'credentialsSecret': credentialsSecret, 'caCertificate.secretName': caCertificate?.secretName })) {
    if (name !== undefined && !isDnsSubdomain(name)) { problems.push(problem(`openSearch.${property}`, name, 'the name of a Secret')); }
  }
  return problems;
}
