import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';

/** Where the suite keeps what it builds once: outside the checkout. */
export function cacheDirectory(): string {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return path.join(base, 'cdk8s-hep');
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes the half-made trees of builds whose process is gone. */
function removeInterrupted(cache: string): void {
  for (const entry of fs.readdirSync(cache)) {
    const match = /\.building-(\d+)$/.exec(entry);
    if (match && !alive(Number(match[1]))) {
      fs.rmSync(path.join(cache, entry), { recursive: true, force: true });
    }
  }
}

/**
 * The cache's directory of that name, which `build` fills on first use in the
 * directory that it is given. Nobody writes into it afterwards.
 *
 * It appears by one rename: an interrupted build leaves nothing half-made.
 */
export function cached(name: string, build: (directory: string) => void): string {
  const cache = cacheDirectory();
  const directory = path.join(cache, name);
  if (fs.existsSync(directory)) {
    return directory;
  }
  fs.mkdirSync(cache, { recursive: true });
  removeInterrupted(cache);
  const building = `${directory}.building-${process.pid}`;
  const tree = path.join(building, 'tree');
  fs.mkdirSync(tree, { recursive: true });
  try {
    build(tree);
    try {
      fs.renameSync(tree, directory);
    } catch (error) {
      // Somebody else was faster; theirs is the same.
      if (!fs.existsSync(directory)) {
        throw error;
      }
    }
  } finally {
    fs.rmSync(building, { recursive: true, force: true });
  }
  return directory;
}
