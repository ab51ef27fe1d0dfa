import * as fs from 'fs';
import * as https from 'https';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Files that make a client of one API server. */
export interface ApiAccess {
  readonly server: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** As little of a Kubernetes client as the testbed's own controllers need. */
export class ApiClient {
  private readonly agent: https.Agent;

  constructor(private readonly access: ApiAccess) {
    this.agent = new https.Agent({
      keepAlive: true,
      ca: fs.readFileSync(access.authority),
      cert: fs.readFileSync(access.certificate),
      key: fs.readFileSync(access.key),
    });
  }

  /** The objects of a collection. */
  public async list(path: string): Promise<any[]> {
    return (await this.request('GET', path)).items;
  }

  /** Makes an object; nothing is done if it is there. */
  public async create(path: string, object: object): Promise<void> {
    await this.request('POST', path, object, 'application/json', [409]);
  }

  /** Merges into an object; nothing is done if it is gone. */
  public async merge(path: string, change: object): Promise<void> {
    await this.request('PATCH', path, change, 'application/merge-patch+json', [404]);
  }

  /** Deletes an object; nothing is done if it is gone. */
  public async delete(path: string): Promise<void> {
    await this.request('DELETE', path, undefined, undefined, [404]);
  }

  /** Calls back at first, and whenever something in the collection may have changed; for ever, whatever happens to the API server. */
  public watch(path: string, changed: () => void): void {
    const again = () => setTimeout(() => this.watch(path, changed), 1000);
    const request = https.get(`${this.access.server}${path}?watch=1`, { agent: this.agent }, response => {
      response.on('data', changed);
      response.on('close', again);
      response.on('error', () => undefined);
    });
    request.on('error', again);
  }

  private request(method: string, path: string, body?: object, type?: string, tolerated: number[] = []): Promise<any> {
    return new Promise((resolve, reject) => {
      const headers = body ? { 'content-type': type } : {};
      const request = https.request(`${this.access.server}${path}`, { method, agent: this.agent, headers, timeout: 30_000 }, response => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const status = response.statusCode ?? 0;
          if (status < 300 || tolerated.includes(status)) {
            resolve(JSON.parse(text));
          } else {
            reject(new Error(`${method} ${path}: ${status} ${text}`));
          }
        });
      });
      request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer`)));
      request.on('error', reject);
      request.end(body ? JSON.stringify(body) : undefined);
    });
  }
}
