import { setText } from './element';

/** What is shown of a log at most; what came first goes. */
const MOST = 2 * 1024 * 1024;
const AGAIN = 3000;

/** A log, followed while it is shown. */
export class LogView {
  private left = new AbortController();
  private shown = '';

  public constructor(private readonly text: HTMLElement, private readonly note: HTMLElement) {}

  /** Shows the log at an address; `live` while its container may still write. Asked again for the same, it goes on. */
  public show(url: string | undefined, live: boolean, without: string): void {
    const key = `${url ?? without} ${live}`;
    if (key === this.shown) { return; }
    const sameLog = url !== undefined && this.shown.startsWith(`${url} `);
    this.shown = key;
    this.left.abort();
    this.left = new AbortController();
    if (!sameLog) { setText(this.text, ''); }
    setText(this.note, url === undefined ? without : '');
    if (url !== undefined) { void this.read(url, live, this.left.signal); }
  }

  private async read(url: string, live: boolean, left: AbortSignal): Promise<void> {
    try {
      const response = await fetch(live ? `${url}?follow` : url, { signal: left });
      if (!response.ok) { throw new Error((await response.text()).trim()); }
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      let first = true;
      for (;;) {
        const { value, done } = await reader.read();
        if (left.aborted) { return; }
        if (done) { break; }
        if (first) { setText(this.text, ''); }
        first = false;
        this.append(value);
      }
      if (first) { setText(this.text, ''); }
      setText(this.note, this.text.textContent ? '' : 'The log is empty.');
    } catch (error) {
      if (left.aborted) { return; }
      setText(this.note, `The log can't be read: ${(error as Error).message}`);
      setTimeout(() => { if (!left.aborted) { void this.read(url, live, left); } }, AGAIN);
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
