import * as fs from 'fs';
import * as https from 'https';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Any object of an API server. */
export interface KubernetesObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: { readonly [label: string]: string };
    readonly [field: string]: any;
  };
  readonly [field: string]: any;
}

/** A request that the API server refused. */
export class KubernetesError extends Error {
  public constructor(public readonly status: number, message: string, public readonly reason?: string) {
    super(message);
  }
}

/** Where an API server is, and as whom it is asked. */
export interface ClusterAccess {
  readonly host: string;
  readonly port: string;
  readonly authority: Buffer;
  readonly tokenFile: string;
}

const TIMEOUT = 15_000;
/** A watch is ended by the server after this; one that is silent for longer is dead. */
const WATCH_SECONDS = 25;

/** How a pod finds the API server, by what every kubelet gives it. */
export function inCluster(environment: NodeJS.ProcessEnv): ClusterAccess {
  const directory = environment.WFLOW_SERVICE_ACCOUNT ?? '/var/run/secrets/kubernetes.io/serviceaccount';
  return {
    host: environment.KUBERNETES_SERVICE_HOST!,
    port: environment.KUBERNETES_SERVICE_PORT ?? '443',
    authority: fs.readFileSync(`${directory}/ca.crt`),
    tokenFile: `${directory}/token`,
  };
}

/** The few calls of an API server that this program makes. */
export class Kubernetes {
  private readonly agent: https.Agent;

  public constructor(private readonly access: ClusterAccess) {
    this.agent = new https.Agent({ ca: access.authority, keepAlive: true, maxSockets: 50 });
  }

  public async get(path: string): Promise<KubernetesObject> {
    return JSON.parse(await this.call('GET', path));
  }

  /** What there is, or nothing. */
  public async find(path: string): Promise<KubernetesObject | undefined> {
    return this.get(path).catch(ifStatus(404));
  }

  public async text(path: string, mostBytes: number): Promise<string> {
    return this.call('GET', path, undefined, mostBytes);
  }

  public async create(path: string, object: object): Promise<KubernetesObject> {
    return JSON.parse(await this.call('POST', path, object));
  }

  public async mergePatch(path: string, patch: object): Promise<void> {
    await this.call('PATCH', path, patch);
  }

  /** Deletes an object and what it owns; it need not be there. Another one of the same name stays. */
  public async delete(path: string, uid?: string): Promise<void> {
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', ...uid && { preconditions: { uid } } };
    await this.call('DELETE', path, options).catch((error: KubernetesError) => {
      if (error.status !== 404 && error.status !== 409) { throw error; }
    });
  }

  /** The changes from a version on, until the server ends it; `ended` is called once, with an error or without. */
  public watch(path: string, resourceVersion: string, changed: (type: string, object: any) => void, ended: (error?: Error) => void): () => void {
    let over = false;
    const end = (error?: Error) => {
      if (!over) {
        over = true;
        request.destroy();
        ended(error);
      }
    };
    const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=${WATCH_SECONDS}&resourceVersion=${resourceVersion}`;
    const request = this.request('GET', `${path}${path.includes('?') ? '&' : '?'}${query}`, {}, (WATCH_SECONDS + 10) * 1000);
    request.on('error', end).on('response', response => {
      let rest = '';
      response.setEncoding('utf8').on('error', end).on('end', () => end());
      response.on('data', (chunk: string) => {
        if (response.statusCode !== 200) { return end(new KubernetesError(response.statusCode!, chunk)); }
        const lines = (rest + chunk).split('\n');
        rest = lines.pop()!;
        try {
          for (const { type, object } of lines.filter(line => line).map(line => JSON.parse(line))) {
            if (type === 'ERROR') { return end(new KubernetesError(object.code, object.message)); }
            changed(type, object);
          }
        } catch (error) {
          end(error as Error);
        }
      });
    });
    request.end();
    return () => end();
  }

  private call(method: string, path: string, body?: object, mostBytes = 256 * 1024 * 1024): Promise<string> {
    return new Promise((resolve, reject) => {
      const content = body && JSON.stringify(body);
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const headers = content === undefined ? {} : { 'Content-Type': type, 'Content-Length': Buffer.byteLength(content) };
      const request = this.request(method, path, headers, TIMEOUT);
      request.on('error', reject).on('response', response => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('error', reject).on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= mostBytes) { chunks.push(chunk); }
        }).on('end', () => {
          const answer = Buffer.concat(chunks).toString('utf8');
          const status = response.statusCode!;
          if (status < 300) { return resolve(answer); }
          const { message, reason } = parsed(answer);
          reject(new KubernetesError(status, `${method} ${path.split('?')[0]}: ${status} ${message ?? answer.slice(0, 200)}`, reason));
        });
      });
      request.end(content);
    });
  }

  private request(method: string, path: string, headers: object, timeout: number) {
    // kubelets replace the token long before it ends
    const token = fs.readFileSync(this.access.tokenFile, 'utf8').trim();
    const { host, port } = this.access;
    const request = https.request({
      host, port, method, path, agent: this.agent, timeout, headers: { Authorization: `Bearer ${token}`, Accept: 'application/json, */*', ...headers },
    });
    return request.on('timeout', () => request.destroy(new Error(`${method} ${path.split('?')[0]}: no answer within ${timeout / 1000} s`)));
  }
}

/** An error handler that takes one status for nothing. */
export function ifStatus(status: number): (error: unknown) => undefined {
  return error => {
    if (!(error instanceof KubernetesError) || error.status !== status) { throw error; }
    return undefined;
  };
}

function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
