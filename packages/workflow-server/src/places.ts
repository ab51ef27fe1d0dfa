/** The host names that are never fetched from: those of the cluster itself, and addresses. */
const INSIDE = /(^|\.)(localhost|local|internal|svc|cluster\.local|in-addr\.arpa)$/;

const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9_.+=@-]*$/;
const GLOB_SEGMENT = /^(?:\*\*|[A-Za-z0-9_*?][A-Za-z0-9_.+=@*?-]*)$/;
const REPOSITORY = /^(?:github|gitlab-cern):[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)+(?:@[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*)?(?::(.+))?$/;

/** Whether text is a path below a directory, which leads nowhere else. */
export function isPath(text: string): boolean {
  return text.length <= 255 && text.split('/').every(segment => SEGMENT.test(segment));
}

/** Whether text is a pattern of such paths. */
export function isGlob(text: string): boolean {
  return text.length <= 255 && text.split('/').every(segment => GLOB_SEGMENT.test(segment)) && (text.match(/\*\*/g) ?? []).length <= 2;
}

/** Whether text is the address of a server elsewhere, by https and its name; nobody's password is in it. */
export function isHttpsUrl(text: string, hosts?: readonly string[]): boolean {
  if (text.length > 2048 || !/^https:\/\/[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) { return false; }
  const { hostname, username, password } = new URL(text);
  const named = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/.test(hostname) && !INSIDE.test(hostname);
  return named && username === '' && password === '' && (hosts === undefined || hosts.includes(hostname));
}

/** Whether text says where a workflow's files are: in a repository, at an address, or among the inputs. */
export function isToplevel(text: string, hosts?: readonly string[]): boolean {
  if (text.length > 2048 || text.includes('..')) { return false; }
  if (/^https?:/.test(text)) { return isHttpsUrl(text, hosts); }
  const repository = REPOSITORY.exec(text);
  if (repository) { return repository[1] === undefined || isPath(repository[1]); }
  return isPath(text);
}
