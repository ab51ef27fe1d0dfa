/** Does something for each, so many at a time. */
export async function atOnce<T>(most: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  await Promise.all(Array.from({ length: most }, async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) { await work(item); }
  }));
}
