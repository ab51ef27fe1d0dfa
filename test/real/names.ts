import * as fs from 'fs';

/** The address of a name server that never answers: packets to it vanish in the wide area network. */
export const DEAD_NAME_SERVER = '10.254.254.254';

/**
 * The names of the whole world outside the clusters, for the /etc/hosts of every
 * pod. There is no name server in the laboratory: with nobody listening on
 * 127.0.0.1 an unknown name is refused at once, and while the names are dead a
 * look-up waits as long as it does with a name server that is away.
 */
export class Names {
  private readonly entries = new Map<string, string>();
  private readonly files = new Map<object, () => void>();
  private isDead = false;

  /** Gives an address a name that every pod knows. */
  public set(name: string, address: string): void {
    this.entries.set(name, address);
    this.rewrite();
  }

  /** The address of a name of the world. */
  public get(name: string): string | undefined {
    return this.entries.get(name);
  }

  /** Takes away all names, and makes each look-up hang. */
  public die(): void {
    this.isDead = true;
    this.rewrite();
  }

  /** Gives the names back. */
  public revive(): void {
    this.isDead = false;
    this.rewrite();
  }

  public get dead(): boolean {
    return this.isDead;
  }

  public lines(): string[] {
    return [...this.entries].map(([name, address]) => `${address}\t${name}`);
  }

  /** Has a pod's files written now, and again at every change. */
  public follow(owner: object, write: () => void): void {
    this.files.set(owner, write);
    write();
  }

  public unfollow(owner: object): void {
    this.files.delete(owner);
  }

  public rewrite(): void {
    for (const write of this.files.values()) {
      write();
    }
  }
}

/** Changes a file that is mounted somewhere by itself: the inode has to stay. */
export function writeInPlace(file: string, content: string): void {
  const fd = fs.openSync(file, fs.existsSync(file) ? 'r+' : 'w', 0o644);
  try {
    const bytes = Buffer.from(content);
    fs.writeSync(fd, bytes, 0, bytes.length, 0);
    fs.ftruncateSync(fd, bytes.length);
  } finally {
    fs.closeSync(fd);
  }
}
