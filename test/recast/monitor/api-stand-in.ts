import * as fs from 'fs';
import * as http from 'http';
import * as path from 'path';
import { scratchDirectory } from '../../scratch';

/* eslint-disable @typescript-eslint/no-explicit-any */

interface Watch {
  readonly resource: string;
  readonly selector: string;
  readonly response: http.ServerResponse;
}

/** What stands in for Kubernetes' API: lists by label and name, watches by label, and logs. */
export class ApiStandIn {
  public static async start(): Promise<ApiStandIn> {
    const standIn = new ApiStandIn();
    await new Promise<void>(resolve => standIn.server.listen(0, '127.0.0.1', resolve));
    return standIn;
  }

  /** All that was asked, with the token. */
  public readonly asked: string[] = [];
  public readonly account = scratchDirectory();
  /** Logs by pod and container. */
  public readonly logs: { [pod: string]: string } = {};
  /** What lists fail with, while it is set. */
  public failure?: number;

  private readonly server = http.createServer((request, response) => this.answer(request, response));
  private readonly objects = new Map<string, any>();
  private readonly watches = new Set<Watch>();
  private readonly events: { readonly resource: string; readonly version: number; readonly event: any }[] = [];
  private version = 1;

  private constructor() {
    fs.writeFileSync(path.join(this.account, 'token'), 'a-token\n');
  }

  public get url(): URL {
    return new URL(`http://127.0.0.1:${(this.server.address() as any).port}`);
  }

  /** Makes or changes an object. */
  public put(resource: string, namespace: string, object: any): void {
    const key = `${namespace}/${resource}/${object.metadata.name}`;
    const type = this.objects.has(key) ? 'MODIFIED' : 'ADDED';
    const whole = { ...object, metadata: { creationTimestamp: '2026-11-26T17:00:00Z', ...object.metadata, namespace, resourceVersion: `${this.version += 1}` } };
    this.objects.set(key, whole);
    this.tell(`${namespace}/${resource}`, { type, object: whole });
  }

  public delete(resource: string, namespace: string, name: string): void {
    const key = `${namespace}/${resource}/${name}`;
    const { metadata, ...rest } = this.objects.get(key);
    this.objects.delete(key);
    this.tell(`${namespace}/${resource}`, { type: 'DELETED', object: { ...rest, metadata: { ...metadata, resourceVersion: `${this.version += 1}` } } });
  }

  /** Ends all watches as API servers do that have forgotten what was asked for. */
  public forget(): void {
    for (const { response } of this.watches) {
      response.end(`${JSON.stringify({ type: 'ERROR', object: { code: 410, message: 'too old resource version' } })}\n`);
    }
    this.watches.clear();
  }

  public close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private tell(resource: string, event: any): void {
    this.events.push({ resource, version: this.version, event });
    for (const watch of this.watches) { write(watch, resource, event); }
  }

  private answer({ url = '', method, headers }: http.IncomingMessage, response: http.ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://x');
    this.asked.push(`${method} ${url} ${headers.authorization}`);
    const [, namespace, resource, pod, log] = /\/namespaces\/([^/]+)\/(\w+)(?:\/([^/]+)\/(log))?$/.exec(pathname) ?? [];
    if (log) {
      const text = this.logs[`${pod}/${searchParams.get('container')}`];
      response.writeHead(text === undefined ? 404 : 200).end(text ?? JSON.stringify({ message: `pods "${pod}" not found` }));
      return;
    }
    if (this.failure) {
      response.writeHead(this.failure).end(JSON.stringify({ message: 'forbidden' }));
      return;
    }
    if (searchParams.get('watch')) {
      response.writeHead(200);
      response.flushHeaders();
      const watch = { resource: `${namespace}/${resource}`, selector: searchParams.get('labelSelector') ?? '', response };
      this.watches.add(watch);
      // what has happened since the list
      const since = Number(searchParams.get('resourceVersion'));
      for (const { resource: of, version, event } of this.events) { if (version > since) { write(watch, of, event); } }
      response.on('close', () => this.watches.delete(watch));
      return;
    }
    const all = [...this.objects].filter(([key]) => key.startsWith(`${namespace}/${resource}/`)).map(([, object]) => object)
      .filter(({ metadata }) => selected(searchParams.get('labelSelector') ?? '', metadata.labels ?? {}))
      .filter(({ metadata }) => !searchParams.has('fieldSelector') || searchParams.get('fieldSelector') === `metadata.name=${metadata.name}`);
    // pages of two
    const start = Number(searchParams.get('continue') ?? 0);
    const more = start + 2 < all.length;
    response.writeHead(200).end(JSON.stringify({
      items: all.slice(start, start + 2), metadata: { resourceVersion: `${this.version}`, ...more && { continue: `${start + 2}` } },
    }));
  }
}

function write({ resource, selector, response }: Watch, of: string, event: any): void {
  if (resource === of && selected(selector, event.object.metadata.labels ?? {})) { response.write(`${JSON.stringify(event)}\n`); }
}

function selected(selector: string, labels: { [label: string]: string }): boolean {
  return selector.split(/,(?![^(]*\))/).every(part => {
    const [, key, values] = /^([\w-]+) in \((.*)\)$/.exec(part) ?? [];
    if (key) { return values.split(',').includes(labels[key]); }
    const [name, value] = part.split('=');
    return value === undefined ? name in labels : labels[name] === value;
  });
}
