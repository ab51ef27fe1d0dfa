import * as fs from 'fs';
import * as path from 'path';
import { cached } from './cache';
import { unpackPackages } from './debian-packages';

/** The release of Debian whose Prometheus is run: 2.53. */
const RELEASE = 'trixie';

const PROGRAMS = ['prometheus', 'promtool'] as const;

/** A program of Debian's package `prometheus`, unpacked on first use. It is static but for the C library, and runs on this machine as it is. */
export function prometheusProgram(name: typeof PROGRAMS[number]): string {
  return path.join(cached(`prometheus-${RELEASE}-1`, tree => {
    const all = `${tree}.all`;
    unpackPackages(RELEASE, ['prometheus'], all);
    for (const program of PROGRAMS) { fs.copyFileSync(path.join(all, 'usr/bin', program), path.join(tree, program)); }
  }), name);
}
