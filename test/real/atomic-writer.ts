import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';

// File modes and masks are bits.
/* eslint-disable no-bitwise */

/** The files of a volume, by their path in it. */
export type Payload = { [path: string]: { readonly content: Buffer | string; readonly mode: number; readonly uid?: number } };

/**
 * Writes a payload the way the kubelet does: into a directory of its own, to which
 * `..data` points, to which each name points. A change is one rename of `..data`,
 * and whoever reads the names never sees half of it.
 */
export function writeAtomically(volume: string, payload: Payload, fsGroup?: number): void {
  const stamp = new Date().toISOString().replace(/[-:T]/g, '_').slice(0, 19);
  const version = `..${stamp}.${randomBytes(4).toString('hex')}`;
  const directory = path.join(volume, version);
  fs.mkdirSync(directory, { mode: 0o755 });
  for (const [name, { content, mode, uid }] of Object.entries(payload)) {
    const file = path.join(directory, name);
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
    fs.writeFileSync(file, content);
    // Ownership first: a change of owner would clear bits.
    fs.chownSync(file, uid ?? 0, fsGroup ?? 0);
    fs.chmodSync(file, fsGroup === undefined ? mode : mode | 0o440);
  }
  const data = path.join(volume, '..data');
  const former = fs.existsSync(data) ? fs.readlinkSync(data) : undefined;
  fs.symlinkSync(version, path.join(volume, '..data_tmp'));
  fs.renameSync(path.join(volume, '..data_tmp'), data);
  const wanted = new Set(Object.keys(payload).map(name => name.split('/')[0]));
  for (const name of wanted) {
    const link = path.join(volume, name);
    if (!fs.existsSync(link)) {
      fs.symlinkSync(path.join('..data', name), link);
    }
  }
  for (const name of fs.readdirSync(volume)) {
    if (!name.startsWith('..') && !wanted.has(name)) {
      fs.rmSync(path.join(volume, name));
    }
  }
  if (fsGroup !== undefined) {
    for (const owned of [volume, directory]) {
      fs.chownSync(owned, 0, fsGroup);
      fs.chmodSync(owned, (fs.statSync(owned).mode & 0o7777) | 0o2550);
    }
  }
  if (former) {
    fs.rmSync(path.join(volume, former), { recursive: true });
  }
}
