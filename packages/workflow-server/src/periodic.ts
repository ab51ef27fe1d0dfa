import { Log } from './log';

/** Work that is done again and again, one after the other; what fails is tried again the next time. */
export class Periodic {
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;
  private stopped = false;

  public constructor(
    private readonly name: string, private readonly milliseconds: number, private readonly work: () => Promise<void>, private readonly log: Log,
  ) {}

  public start(): void {
    if (this.stopped) { return; }
    this.running = this.work().catch((error: Error) => this.log.warn({ error: error.message }, `${this.name} failed`)).then(() => {
      if (!this.stopped) { this.timer = setTimeout(() => this.start(), this.milliseconds); }
    });
  }

  public async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }
}
