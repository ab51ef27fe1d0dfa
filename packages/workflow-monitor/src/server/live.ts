import type * as http from 'http';
import { Workflows } from './workflows';

/** Not more often is a page told what has changed. */
const PAUSE = 500;
/** So often something is sent at least: proxies close what is silent. */
const PING = 15_000;
/** How many pages are told, and how far one may lag behind. */
const MOST_PAGES = 500;
const MOST_UNSENT = 16 * 1024 * 1024;

/** Server-Sent Events: what is shown, whole, whenever it is another; beside it, as `note`, what isn't known. */
export class LiveAnswers {
  private readonly pages = new Set<http.ServerResponse>();

  public constructor(private readonly workflows: Workflows) {}

  public list(response: http.ServerResponse): void {
    this.tell(response, () => this.workflows.list());
  }

  public workflow(response: http.ServerResponse, namespace: string, id: string): void {
    this.tell(response, () => this.workflows.find(namespace, id) ?? null);
  }

  public close(): void {
    for (const page of this.pages) { page.end(); }
  }

  private tell(response: http.ServerResponse, ask: () => unknown): void {
    if (this.pages.size >= MOST_PAGES) {
      response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '30' }).end('too many pages are open\n');
      return;
    }
    this.pages.add(response);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    const events = { message: ask, note: () => this.workflows.problem };
    const last: { [event: string]: string } = { note: '""' };
    let waiting: NodeJS.Timeout | undefined;
    const now = () => {
      waiting = undefined;
      // a program that has just begun knows nothing yet, which isn't that there is nothing
      if (!this.workflows.synced) { return; }
      for (const [event, told] of Object.entries(events)) {
        const text = JSON.stringify(told());
        if (text === last[event]) { continue; }
        if (response.writableLength > MOST_UNSENT) { return void response.destroy(); }
        last[event] = text;
        response.write(`${event === 'message' ? '' : `event: ${event}\n`}data: ${text}\n\n`);
      }
    };
    const stop = this.workflows.onChange(() => { waiting ??= setTimeout(now, PAUSE); });
    const ping = setInterval(() => response.write(': still here\n\n'), PING);
    response.on('close', () => {
      stop();
      clearInterval(ping);
      clearTimeout(waiting);
      this.pages.delete(response);
    });
    now();
  }
}
