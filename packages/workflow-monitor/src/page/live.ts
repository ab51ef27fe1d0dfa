/** Is told what the server says from now on. After a broken connection the browser asks again by itself. */
export function follow<T>(url: string, told: (value: T) => void, connected: (yes: boolean) => void): void {
  const events = new EventSource(url);
  events.onopen = () => connected(true);
  events.onmessage = ({ data }) => told(JSON.parse(data));
  events.onerror = () => {
    connected(false);
    // an answer that isn't events ends it for good, unless it is asked for anew
    if (events.readyState === EventSource.CLOSED) { setTimeout(() => follow(url, told, connected), 3000); }
  };
}
