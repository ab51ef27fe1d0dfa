import { setText } from './element';

/** What is shown of a log at most; what came first goes. */
const MOST = 2 * 1024 * 1024;
/** How long until it is asked again. */
const AGAIN = 3000;

/** A log, followed until its container ends: what an engine says after it has said how its workflow ended is shown too. */
export class LogView {
  private left = new AbortController();
  private shown: string | undefined;
  private url: string | undefined;

  public constructor(private readonly text: HTMLElement, private readonly note: HTMLElement) {
    // a log that is followed has a connection, of which a page in the background keeps none
    document.addEventListener('visibilitychange', () => {
      this.left.abort();
      if (!document.hidden) { this.begin(); }
    });
  }

  /** Shows the log at an address, or says why there is none. Asked again for the same, it goes on. */
  public show(url: string | undefined, without: string): void {
    const key = url ?? `: ${without}`;
    if (key === this.shown) { return; }
    this.shown = key;
    this.url = url;
    setText(this.text, '');
    setText(this.note, url === undefined ? without : '');
    this.begin();
  }

  private begin(): void {
    this.left.abort();
    this.left = new AbortController();
    if (this.url !== undefined && !document.hidden) { void this.read(`${this.url}?follow`, this.left.signal); }
  }

  private async read(url: string, left: AbortSignal): Promise<void> {
    let answered = false;
    try {
      const response = await fetch(url, { signal: left });
      if (!response.ok) { throw new Error((await response.text()).trim()); }
      answered = true;
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      let first = true;
      for (;;) {
        const { value, done } = await reader.read();
        if (left.aborted) { return; }
        if (done) { break; }
        // after a broken connection the log comes again from its beginning
        if (first) { setText(this.text, ''); }
        first = false;
        setText(this.note, '');
        this.append(value);
      }
      setText(this.note, this.text.textContent ? '' : 'The log is empty.');
    } catch (error) {
      if (left.aborted) { return; }
      // proxies close what is silent: that is nothing to tell of
      if (!answered) { setText(this.note, `The log can't be read: ${(error as Error).message}`); }
      setTimeout(() => { if (!left.aborted) { void this.read(url, left); } }, AGAIN);
    }
  }

  /** Whoever looks at the end goes on looking at the end. */
  private append(text: string): void {
    const atEnd = this.text.scrollHeight - this.text.scrollTop - this.text.clientHeight < 30;
    this.text.append(text);
    if ((this.text.textContent?.length ?? 0) > MOST) { this.text.textContent = this.text.textContent!.slice(-MOST); }
    if (atEnd) { this.text.scrollTop = this.text.scrollHeight; }
  }
}
