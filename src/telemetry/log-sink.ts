import { OpenSearchLogs, openSearchLogsProblems } from './open-search-logs';
import { problem } from '../problem';
import type { FirewallRule } from '../workload/firewall-rules';

/** Where a cluster's records are sent. */
export interface LogEndpoint {
  /** The whole URL that takes OTLP over HTTP, such as `https://logs.cern.ch:4318/v1/logs`; with `openSearch` that of the cluster. */
  readonly url: string;

  /**
   * Headers that the store asks for, such as the tenant. They are written into the configuration: no secrets.
   *
   * @default - none
   */
  readonly headers?: { readonly [name: string]: string };

  /**
   * That it is an OpenSearch, and how records are written into it.
   *
   * @default - it takes OTLP
   */
  readonly openSearch?: OpenSearchLogs;
}

/** What takes log records: a `LogStore`, or one that is already there (`LogStore.fromAddress`, `LogStore.openSearch`). */
export interface ILogSink {
  /**
   * Where a cluster sends its records.
   *
   * @param cluster the cluster's name
   * @returns nothing if the sink takes none from that cluster
   */
  endpointFor(cluster: string): LogEndpoint | undefined;
}

/** Names that mean a Service of the cluster that asks, or the pod itself: no link to elsewhere is taken. */
const IN_CLUSTER = /(^localhost|[.]svc|[.]svc[.]cluster[.]local|^127[.][0-9.]+)$/;

/** The connection to that place; none where there is no way out of the cluster, or the place is none. */
export function endpointConnections(cluster: string, endpoint: LogEndpoint | undefined): FirewallRule[] {
  if (!endpoint || !URL.canParse(endpoint.url)) { return []; }
  const { protocol, hostname, port } = new URL(endpoint.url);
  if (IN_CLUSTER.test(hostname)) { return []; }
  return [{
    from: cluster, address: hostname.replace(/^\[|\]$/g, ''), protocol: 'TCP', port: Number(port) || (protocol === 'http:' ? 80 : 443), reason: 'log agents bring their records',
  }];
}

/** What is wrong with sending to that place. In a federation every member asks, and the store is elsewhere for them. */
export function endpointProblems(cluster: string, endpoint: LogEndpoint | undefined, federated: boolean): string[] {
  if (!endpoint) { return [problem('store', cluster, 'a store with a writer for this cluster')]; }
  const url = parsedUrl(endpoint.url);
  const { openSearch } = endpoint;
  const example = openSearch ? 'an OpenSearch, such as https://opensearch.cern.ch:9200' : 'an OTLP receiver, such as https://logs.cern.ch:4318/v1/logs';
  if (!url) { return [problem('store', endpoint.url, `the URL of ${example}`)]; }
  const problems = openSearch ? openSearchLogsProblems(openSearch) : [];
  if (openSearch && url.search !== '') { problems.push(problem('store', endpoint.url, `the URL of ${example}, without a query`)); }
  if (url.protocol === 'https:' && url.username === '') { return problems; }
  if (url.protocol === 'http:' && !federated && IN_CLUSTER.test(url.hostname)) { return problems; }
  return [...problems, problem('store', endpoint.url, `https, without a user in the URL${federated ? '' : ', or http to a Service of this cluster'}: records go to another cluster`)];
}

/** The URL of that text, if it is one. */
export function parsedUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
