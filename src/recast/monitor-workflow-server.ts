import { RECAST, SERVER_PORT } from './recast-names';
import { isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';
import { ASK_NAMES } from '../workload/network-policy';
import { isSecretKey, SecretReference, SECRET_KEY } from '../workload/secret-reference';

/** The workflow server that a monitor asks which requests wait for a slot. */
export interface MonitorWorkflowServer {
  /**
   * The token of a user who is named among the server's `readers`: he may ask that, and nothing else. A Secret in the monitor's namespace, whose key is
   * `token` if it isn't given.
   *
   * Refused: names that are none.
   */
  readonly token: SecretReference;

  /**
   * The namespace of the server and its engines: requests that wait are shown there.
   *
   * Refused: one that isn't among `workflowNamespaces`.
   *
   * @default - the first of `workflowNamespaces`
   */
  readonly namespace?: string;

  /**
   * Where it is asked, without a path.
   *
   * Refused: `http://` to anything but a Service of the cluster, by its name that ends in `.svc`: the token would cross networks in the clear.
   *
   * @default - the `WorkflowServer` of `namespace`: `http://wflow-server.NAMESPACE.svc`
   */
  readonly url?: string;
}

/** Where the token is in the monitor's pods. */
const DIRECTORY = '/wflow-server';
const FILE = 'token';
const VOLUME = 'server-token';

const SERVICE = /^[a-z0-9-]+\.([a-z0-9-]+)\.svc(\.cluster\.local)?$/;

/** What a monitor and its pods have of the workflow server that it asks. */
export class AskedServer {
  private readonly secretName: string;
  private readonly key: string;
  private readonly namespace: string;
  private readonly url: string;

  public constructor({ token, namespace, url }: MonitorWorkflowServer, private readonly workflowNamespaces: readonly string[]) {
    this.secretName = token.secretName;
    this.key = token.key ?? 'token';
    this.namespace = namespace ?? workflowNamespaces[0] ?? '';
    this.url = url ?? `http://${RECAST.server}.${this.namespace}.svc`;
  }

  public get environment(): { readonly [variable: string]: string } {
    return { MONITOR_SERVER_URL: this.url, MONITOR_SERVER_TOKEN: `${DIRECTORY}/${FILE}`, MONITOR_SERVER_NAMESPACE: this.namespace };
  }

  public get volume(): object {
    return { name: VOLUME, secret: { secretName: this.secretName, items: [{ key: this.key, path: FILE }], defaultMode: 0o440 } };
  }

  public get mount(): object {
    return { name: VOLUME, mountPath: DIRECTORY, readOnly: true };
  }

  /** What the monitor's pods call: behind a Service of the construct's name its pods, elsewhere the port of the URL. */
  public get egress(): object[] {
    const { host, port } = this.address;
    const [, namespace] = host.startsWith(`${RECAST.server}.`) ? SERVICE.exec(host) ?? [] : [];
    return [ASK_NAMES, namespace === undefined ? { ports: [{ protocol: 'TCP', port }] } : {
      to: [{
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        podSelector: { matchLabels: { 'app.kubernetes.io/name': RECAST.server } },
      }],
      ports: [{ protocol: 'TCP', port: SERVER_PORT }],
    }];
  }

  /** The host and the port, of a server that isn't in the cluster. */
  public get elsewhere(): { readonly host: string; readonly port: number } | undefined {
    return SERVICE.test(this.address.host) ? undefined : this.address;
  }

  public problems(): string[] {
    const problems: string[] = [];
    if (!isDnsSubdomain(this.secretName)) { problems.push(problem('workflowServer.token.secretName', this.secretName, 'the name of a Secret')); }
    if (!isSecretKey(this.key)) { problems.push(problem('workflowServer.token.key', this.key, SECRET_KEY)); }
    if (!this.workflowNamespaces.includes(this.namespace)) {
      problems.push(problem('workflowServer.namespace', this.namespace, `one of workflowNamespaces: ${this.workflowNamespaces.join(', ') || 'there is none'}`));
    }
    const [, scheme, host, port] = URL_WITHOUT_PATH.exec(this.url) ?? [];
    if (!isDnsSubdomain(host ?? '') || (port !== undefined && Number(port) > 65535) || (scheme === 'http' && !SERVICE.test(host))) {
      problems.push(problem('workflowServer.url', this.url, 'https:// and a host, or http:// and a Service of the cluster, NAME.NAMESPACE.svc; no path'));
    }
    return problems;
  }

  private get address(): { readonly host: string; readonly port: number } {
    const [, scheme, host = '', port = scheme === 'http' ? '80' : '443'] = URL_WITHOUT_PATH.exec(this.url) ?? [];
    return { host, port: Number(port) };
  }
}

const URL_WITHOUT_PATH = /^(https?):\/\/([a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?$/;
