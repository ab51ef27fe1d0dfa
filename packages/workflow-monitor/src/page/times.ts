/** How long something took or takes: 5 s, 3 min 20 s, 2 h 5 min. */
export function duration(from: string | undefined, to: string | undefined, now: number): string {
  if (!from) { return ''; }
  const seconds = Math.max(0, Math.round(((to ? Date.parse(to) : now) - Date.parse(from)) / 1000));
  if (seconds < 60) { return `${seconds} s`; }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A time to the second, in UTC as logs have it. */
export function time(at: string | undefined): string {
  return at ? `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC` : '';
}
