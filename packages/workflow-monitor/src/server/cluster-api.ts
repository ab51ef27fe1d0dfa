import * as fs from 'fs';
import * as http from 'http';
import * as https from 'https';
import * as path from 'path';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Where the kubelet puts what a pod is known by. */
export const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** How long the API server may be silent before it is taken for gone. Watches say something every minute. */
const SILENCE = 90_000;

export class ApiError extends Error {
  public constructor(public readonly status: number, message: string) {
    super(message);
  }
}

/** Kubernetes' API, of which this program needs three requests. All of them read. */
export class ClusterApi {
  /** The API of the cluster that this pod is in. */
  public static ofPod(env: NodeJS.ProcessEnv, account = ACCOUNT): ClusterApi {
    const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env;
    if (!host) { throw new Error('KUBERNETES_SERVICE_HOST is not set: this program runs in a pod, with a ServiceAccount'); }
    return new ClusterApi(new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`), account);
  }

  private readonly client: typeof http | typeof https;
  private readonly agent: http.Agent;

  public constructor(private readonly server: URL, private readonly account: string) {
    const secure = server.protocol === 'https:';
    this.client = secure ? https : http;
    this.agent = secure ? new https.Agent({ keepAlive: true, ca: fs.readFileSync(path.join(account, 'ca.crt')) }) : new http.Agent({ keepAlive: true });
  }

  /** Gets an object. */
  public async get(location: string, query: { [key: string]: string }, signal?: AbortSignal): Promise<any> {
    return JSON.parse(await textOf(await this.stream(location, query, signal)));
  }

  /** Begins to read what may have no end. */
  public stream(location: string, query: { [key: string]: string }, signal?: AbortSignal): Promise<http.IncomingMessage> {
    const url = new URL(location, this.server);
    url.search = new URLSearchParams(query).toString();
    // the kubelet renews the token
    const token = fs.readFileSync(path.join(this.account, 'token'), 'utf8').trim();
    return new Promise((resolve, reject) => {
      const request = this.client.request(url, { agent: this.agent, signal, headers: { authorization: `Bearer ${token}`, accept: 'application/json, */*' } });
      request.setTimeout(SILENCE, () => request.destroy(new Error('the API server is silent')));
      request.on('error', reject);
      request.on('response', response => {
        if (response.statusCode === 200) { return resolve(response); }
        textOf(response).then(text => reject(new ApiError(response.statusCode ?? 0, messageOf(text))), reject);
      });
      request.end();
    });
  }
}

async function textOf(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) { chunks.push(chunk as Buffer); }
  return Buffer.concat(chunks).toString('utf8');
}

function messageOf(text: string): string {
  try {
    return String(JSON.parse(text).message);
  } catch {
    return text.slice(0, 300);
  }
}
