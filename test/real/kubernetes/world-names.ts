import * as fs from 'fs';
import * as path from 'path';

/**
 * The names of the world outside the clusters, in a directory with one file for
 * each author of names, from which the one file is made that the name server reads.
 */
export class WorldNames {
  private readonly entries = new Map<string, string>();

  constructor(
    private readonly directory: string,
    /** Who sets names through this; nobody else does by the same. */
    private readonly author: string,
  ) {
    fs.mkdirSync(path.join(directory, 'by'), { recursive: true });
    this.write();
  }

  /** The file that the name server reads. */
  public get file(): string {
    return path.join(this.directory, 'hosts');
  }

  /** Gives an address a name that all the world knows, within a second. */
  public set(name: string, address: string): void {
    if (this.entries.get(name) !== address) {
      this.entries.set(name, address);
      this.write();
    }
  }

  /** Takes a name away. */
  public unset(name: string): void {
    if (this.entries.delete(name)) {
      this.write();
    }
  }

  private write(): void {
    const own = path.join(this.directory, 'by', this.author);
    fs.writeFileSync(own, [...this.entries].map(([name, address]) => `${address}\t${name}\n`).join(''));
    const read = () => fs.readdirSync(path.join(this.directory, 'by')).sort()
      .map(author => fs.readFileSync(path.join(this.directory, 'by', author), 'utf8')).join('');
    const next = path.join(this.directory, `hosts.${this.author}`);
    // Again if another author has written meanwhile: the last one to write the whole has seen all.
    let all;
    do {
      all = read();
      fs.writeFileSync(next, all);
      fs.renameSync(next, this.file);
    } while (read() !== all);
  }
}
