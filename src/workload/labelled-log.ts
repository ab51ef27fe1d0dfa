/**
 * Lines of a container that speak of others than the container's own pod: each is a JSON object with what it belongs to. An agent that collects
 * container logs takes the fields out of such lines, and finds lines of equal ids once.
 */
export const LABELLED_LOG = {
  /** The name of containers that write such lines. */
  container: 'labelled-logs',
  /** The keys besides the text: `id` is unique in a cluster; the others are what the record is found by. */
  fields: ['id', 'source', 'workflow', 'job', 'user', 'stream', 'daemon'],
  /** The key of the text. */
  text: 'log',
} as const;
