import { KnobSet } from './config';
import { HTTP_PROXY_FILE } from './paths';
import { problem } from '../problem';
import { addressProblems } from '../workload/address';

/** Where a proxy is, if its URL says so. */
export interface HttpProxyAddress {
  readonly host: string;
  readonly port: number;
}

/** The address in the URL of a proxy; none in what isn't one. */
export function httpProxyAddress(url: string): HttpProxyAddress | undefined {
  const [, host, port] = /^http:\/\/([^\s/:@"',;=]+):(\d{1,5})\/?$/.exec(url) ?? [];
  return host !== undefined && addressProblems('', host).length === 0 && Number(port) >= 1 && Number(port) <= 65535 ? { host, port: Number(port) } : undefined;
}

/** What is wrong with the URL of a proxy. */
export function httpProxyProblems(property: string, url?: string): string[] {
  return url === undefined || httpProxyAddress(url) ? [] : [problem(property, url.replace(/\/\/[^/]*@/, '//***@'), 'http://host:port')];
}

/** Gives jobs the address of a proxy, by both names that programs look for. */
export function setHttpProxy(knobs: KnobSet, url?: string): void {
  if (url === undefined) { return; }
  knobs.section('The way to what jobs fetch');
  knobs.set('STARTER_JOB_ENVIRONMENT', `"http_proxy=${url} HTTP_PROXY=${url}"`);
}

/** The address of a cluster's proxy, as a key of the configuration's ConfigMap. */
export function httpProxyFile(url?: string): { [key: string]: string } {
  return url === undefined ? {} : { [HTTP_PROXY_FILE]: url };
}

/**
 * URL plugins inherit the variables of the daemons, and none of a job. Clusters differ in the ConfigMap, not in the pods'
 * template; one that has no proxy has no such key.
 */
export function httpProxyEnvironment(configMap: string): object[] {
  return [{ name: HTTP_PROXY_FILE, valueFrom: { configMapKeyRef: { name: configMap, key: HTTP_PROXY_FILE, optional: true } } }];
}
