const AGAIN = 3000;

/**
 * Is told what the server says from now on. After a broken connection the browser asks again by itself. A page that nobody looks at asks nothing:
 * without HTTP/2 a browser has six connections to a host, and tabs in the background would keep them.
 */
export function follow<T>(url: string, told: (value: T) => void, connected: (yes: boolean) => void, noted: (note: string) => void): void {
  let events: EventSource | undefined;
  function begin(): void {
    const begun = new EventSource(url);
    events = begun;
    begun.onopen = () => {
      connected(true);
      // nothing is said where there is nothing to note
      noted('');
    };
    begun.onmessage = ({ data }) => told(JSON.parse(data));
    begun.addEventListener('note', ({ data }) => noted(JSON.parse(data)));
    begun.onerror = () => {
      connected(false);
      // an answer that isn't events ends it for good, unless it is asked for anew
      if (begun.readyState === EventSource.CLOSED) { setTimeout(() => { if (events === begun) { begin(); } }, AGAIN); }
    };
  }
  document.addEventListener('visibilitychange', () => {
    events?.close();
    events = undefined;
    if (!document.hidden) { begin(); }
  });
  if (!document.hidden) { begin(); }
}
