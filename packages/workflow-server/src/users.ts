import { createHash, timingSafeEqual } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';

/** A token that is shorter can be guessed; it isn't taken. */
const SHORTEST = 16;
/** A Secret that changes is seen by kubelets within a minute; the server looks this often. */
const FRESH_MILLISECONDS = 5_000;

export interface User {
  readonly name: string;
  readonly admin: boolean;
  /** Lists which requests wait, and does nothing else. */
  readonly reader: boolean;
}

export const digest = (token: string) => createHash('sha256').update(token).digest();

/** Who may ask: a file for each user in a directory, with his token. */
export class Users {
  private known: { readonly name: string; readonly token: Buffer }[] = [];
  private read = -Infinity;

  public constructor(private readonly directory: string, private readonly admins: readonly string[], private readonly readers: readonly string[]) {}

  /** Whose token it is. All are compared, and each in a time that tells nothing of it. */
  public of(token: string): User | undefined {
    this.refresh();
    const given = digest(token);
    const found = this.known.filter(({ token: own }) => timingSafeEqual(own, given));
    if (found.length !== 1) { return undefined; }
    const [{ name }] = found;
    const reader = this.readers.includes(name);
    // who is named as both has the lesser rights
    return { name, reader, admin: !reader && this.admins.includes(name) };
  }

  private refresh(): void {
    if (performance.now() - this.read < FRESH_MILLISECONDS) { return; }
    this.read = performance.now();
    // what begins with two dots are the links by which a kubelet replaces all files at once
    this.known = fs.readdirSync(this.directory).filter(name => /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)).flatMap(name => {
      const token = fs.readFileSync(path.join(this.directory, name), 'utf8').trim();
      return token.length >= SHORTEST ? [{ name, token: digest(token) }] : [];
    });
  }
}
