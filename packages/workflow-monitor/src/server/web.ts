import { createHash } from 'crypto';
import * as http from 'http';
import { ApiError, ClusterApi } from './cluster-api';
import { LiveAnswers } from './live';
import { LogSource, PodLogSource } from './namespace-view';
import { Workflows } from './workflows';
import { isOver, UnreadableLog, WrittenLog } from './written-log';

/** A file of the page, gzipped when this program was built. */
export interface Asset {
  readonly type: string;
  readonly gzipped: Uint8Array;
}

export interface Assets {
  readonly list: Asset;
  readonly workflow: Asset;
  /** Scripts and styles, by their names. */
  readonly files: { readonly [name: string]: Asset };
}

/** Nothing comes from elsewhere, nothing is written inline, and no other site may show the page in a frame. */
const HEADERS = {
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** What is asked of a pod's log: its end, and no more than the page can show. */
const TAIL_LINES = '5000';
const LIMIT_BYTES = String(2 * 1024 * 1024);
/** How many logs are followed at a time: each is a connection to the API server. */
const MOST_FOLLOWED = 64;

/** A namespace and an id, as labels of Kubernetes have them. */
const WORKFLOW = /^\/(api\/)?workflows\/([a-z0-9-]{1,63})\/([A-Za-z0-9][A-Za-z0-9._-]{0,62})(\/events|\/log|\/steps\/([a-z0-9.-]{1,253})\/log)?$/;

/** Serves the page, and what it shows. Nothing can be changed by it, and no request decides what is asked of the API server. */
export class Web {
  private readonly server: http.Server;
  private readonly live: LiveAnswers;
  private followed = 0;

  public constructor(private readonly workflows: Workflows, private readonly api: ClusterApi, private readonly assets: Assets) {
    this.live = new LiveAnswers(workflows);
    this.server = http.createServer((request, response) => {
      this.answer(request, response).catch(error => {
        process.stderr.write(`${error}\n`);
        if (response.headersSent) { response.destroy(); } else { send(response, 500, 'internal error'); }
      });
    });
    this.server.maxConnections = 2000;
    this.server.requestTimeout = 30_000;
  }

  public listen(port: number, host?: string): Promise<number> {
    return new Promise(resolve => this.server.listen(port, host, () => resolve((this.server.address() as { port: number }).port)));
  }

  public close(): void {
    this.live.close();
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) { response.setHeader(name, value); }
    if (request.method !== 'GET') {
      response.setHeader('allow', 'GET');
      return send(response, 405, 'only GET');
    }
    const [path, query = ''] = (request.url ?? '').split('?', 2);
    switch (path) {
      case '/': return asset(request, response, this.assets.list);
      case '/healthz': return send(response, 200, 'ok');
      case '/readyz': return this.workflows.synced ? send(response, 200, 'ok') : send(response, 503, 'not everything has been read yet');
      case '/api/workflows': return json(response, this.workflows.list());
      case '/api/workflows/events': return this.live.list(response);
    }
    const file = path.startsWith('/') && Object.hasOwn(this.assets.files, path.slice(1)) ? this.assets.files[path.slice(1)] : undefined;
    if (file) { return asset(request, response, file); }
    const [matches, api, namespace, id, rest, job] = WORKFLOW.exec(path) ?? [];
    if (!matches || (!api && rest)) { return send(response, 404, 'there is no such page'); }
    const workflow = this.workflows.find(namespace, id);
    // the page says itself that there is none, and shows it when there is
    if (!api) { return asset(request, response, this.assets.workflow, workflow ? 200 : 404); }
    if (rest === '/events') { return this.live.workflow(response, namespace, id); }
    if (!workflow) { return send(response, 404, 'there is no such workflow'); }
    if (!rest) { return json(response, workflow); }
    if (job !== undefined && !workflow.steps.some(step => step.job === job)) { return send(response, 404, 'the workflow has no such step'); }
    const source = this.workflows.log(namespace, id, job);
    const isOverNow = () => isOver(this.workflows.find(namespace, id), job);
    return source ? this.log(response, source, query === 'follow', isOverNow) : send(response, 404, 'there is no log: no pod of it has begun, or it is gone');
  }

  private async log(response: http.ServerResponse, source: LogSource, follow: boolean, isOverNow: () => boolean): Promise<void> {
    if (follow && this.followed >= MOST_FOLLOWED) { return send(response, 503, 'too many logs are followed'); }
    const left = new AbortController();
    response.on('close', () => left.abort());
    this.followed += follow ? 1 : 0;
    try {
      const chunks = 'pod' in source ? this.podLog(source, follow, left.signal) : new WrittenLog(this.api, source).chunks(follow, isOverNow, left.signal);
      for await (const chunk of chunks) {
        if (!response.headersSent) {
          response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
          response.flushHeaders();
        }
        if (!response.write(chunk)) { await new Promise(resolve => response.once('drain', resolve).once('close', resolve)); }
      }
      response.end();
    } catch (error) {
      if (left.signal.aborted) { return; }
      if (response.headersSent) { return void response.destroy(); }
      if (error instanceof UnreadableLog) { return send(response, 502, error.message); }
      // the API server's words may name what the reader may not know
      send(response, error instanceof ApiError && error.status === 404 ? 404 : 502, 'the cluster does not give this log');
    } finally {
      this.followed -= follow ? 1 : 0;
    }
  }

  /** Begins with nothing, when there is a log, however long it is silent. */
  private async* podLog({ namespace, pod, container }: PodLogSource, follow: boolean, left: AbortSignal): AsyncGenerator<Buffer> {
    const log = await this.api.stream(`/api/v1/namespaces/${namespace}/pods/${pod}/log`, {
      container, tailLines: TAIL_LINES, limitBytes: LIMIT_BYTES, ...follow && { follow: 'true' },
    }, left);
    // what is followed may be silent for hours
    log.socket.setTimeout(0);
    yield Buffer.alloc(0);
    yield* log;
  }
}

function send(response: http.ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }).end(`${text}\n`);
}

function json(response: http.ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }).end(JSON.stringify(value));
}

function asset(request: http.IncomingMessage, response: http.ServerResponse, { type, gzipped }: Asset, status = 200): void {
  const etag = `"${createHash('sha256').update(gzipped).digest('base64url').slice(0, 20)}"`;
  response.setHeader('etag', etag);
  response.setHeader('cache-control', 'no-cache');
  if (status === 200 && request.headers['if-none-match'] === etag) { return void response.writeHead(304).end(); }
  // every browser takes it, and the program carries nothing else
  response.writeHead(status, { 'content-type': type, 'content-encoding': 'gzip' }).end(gzipped);
}
