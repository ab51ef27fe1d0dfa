import puppeteer, { Browser as Chromium, Page } from 'puppeteer-core';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Debian's Chromium, without a screen. */
export class Browser {
  public static async start(): Promise<Browser> {
    return new Browser(await puppeteer.launch({
      executablePath: '/usr/bin/chromium',
      headless: true,
      // who runs these tests is root, in namespaces of which Chromium's sandbox knows nothing
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking'],
      defaultViewport: { width: 1200, height: 900 },
    }));
  }

  /** What pages have asked of other hosts than their own. */
  public readonly elsewhere: string[] = [];
  /** What pages have complained of, the Content-Security-Policy among it. */
  public readonly complaints: string[] = [];

  private constructor(private readonly chromium: Chromium) {}

  public async open(url: string): Promise<OpenPage> {
    const page = await this.chromium.newPage();
    page.on('request', request => {
      if (new URL(request.url()).host !== new URL(url).host) { this.elsewhere.push(request.url()); }
    });
    page.on('console', message => { if (message.type() === 'error') { this.complaints.push(`${message.text()} ${message.location().url ?? ''}`); } });
    page.on('pageerror', error => this.complaints.push(String(error)));
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    return new OpenPage(page);
  }

  /** Closes what is open: without HTTP/2 a browser has six connections to a host. */
  public async closePages(): Promise<void> {
    for (const page of (await this.chromium.pages()).slice(1)) { await page.close(); }
  }

  public async version(): Promise<string> {
    return this.chromium.version();
  }

  public async close(): Promise<void> {
    await this.chromium.close();
  }
}

/** What a page shows, as its reader would say it. */
export class OpenPage {
  public constructor(public readonly page: Page) {}

  /** The text of an element. */
  public text(selector: string): Promise<string> {
    return this.page.$eval(selector, element => element.textContent ?? '');
  }

  /** Waits until the text of an element matches. */
  public async until(selector: string, pattern: RegExp, seconds = 60): Promise<void> {
    try {
      await this.page.waitForFunction((css, source, flags) => new RegExp(source, flags).test((globalThis as any).document.querySelector(css)?.textContent ?? ''), {
        timeout: seconds * 1000, polling: 50,
      }, selector, pattern.source, pattern.flags);
    } catch {
      throw new Error(`not in ${seconds} s: ${selector} matches ${pattern}, it is "${await this.text(selector).catch(String)}"`);
    }
  }

  /** The nodes of the drawn graph: their label and the colour that they are drawn in. */
  public graph(): Promise<{ readonly label: string; readonly colour: string; readonly x: number; readonly y: number }[]> {
    return this.page.evaluate(() => (globalThis as any).workflowGraph.nodes().map((node: any) => ({
      label: node.data('label'), colour: node.style('background-color'), ...node.renderedPosition(),
    })));
  }

  /** How many edges are drawn. */
  public edges(): Promise<number> {
    return this.page.evaluate(() => (globalThis as any).workflowGraph.edges().length);
  }

  /** The colour of a pixel of the drawn graph, as a person would see it. */
  public async pixel(x: number, y: number): Promise<readonly number[]> {
    await this.page.evaluate(() => new Promise(resolve => setTimeout(resolve, 300)));
    return this.page.evaluate((left, top) => {
      const canvases: any[] = [...(globalThis as any).document.querySelectorAll('#graph canvas')];
      const seen = canvases.map(canvas => [...canvas.getContext('2d').getImageData(left, top, 1, 1).data as number[]]);
      return seen.reverse().find(([, , , opacity]) => opacity > 200) ?? [];
    }, Math.round(x), Math.round(y));
  }

  /** What has the focus, as a screen reader names it. */
  public focused(): Promise<string> {
    return this.page.evaluate(() => {
      const { activeElement: element } = (globalThis as any).document;
      return `${element.tagName.toLowerCase()} ${element.getAttribute('aria-label') ?? element.id ?? ''} ${(element.tagName === 'BUTTON' ? element.textContent : '')}`.trim().replace(/\s+/g, ' ');
    });
  }
}
