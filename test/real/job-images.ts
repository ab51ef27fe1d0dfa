import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { cached } from './cache';
import { unpackPackages } from './debian-packages';
import { APPTAINER_IMAGE, runInImage } from './rootfs';

/** The release of Debian in the images that jobs run in: another one than that of the pool's image, and with nothing but a shell. */
export const JOB_RELEASE = 'bookworm';

/** The images, as users bring them: a directory, and a file. */
export const JOB_SANDBOX = 'image';
export const JOB_SIF = 'image.sif';

// both by Apptainer: HTCondor runs its test of an image before each job, and for that there must be Apptainer's own scripts in it
const MAKE_IMAGES = `set -e
mkdir /tmp/content /tmp/made
base64 -d | tar -C /tmp/content -x
cd /tmp/made
export HOME=/tmp
apptainer --silent build --sandbox ${JOB_SANDBOX} /tmp/content >&2
apptainer --silent build ${JOB_SIF} ${JOB_SANDBOX} >&2
tar -c . | base64`;

/**
 * The directory that holds the images of jobs, built on first use of Debian's packages. Nobody writes into it.
 */
export function jobImages(): string {
  return cached(`job-image-${JOB_RELEASE}-3`, tree => {
    const all = `${tree}.all`;
    unpackPackages(JOB_RELEASE, ['base-files', 'busybox-static'], all);
    const content = `${tree}.content`;
    for (const directory of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp', 'var/tmp']) { fs.mkdirSync(path.join(content, directory), { recursive: true }); }
    fs.copyFileSync(path.join(all, 'usr/lib/os-release'), path.join(content, 'etc/os-release'));
    // the package has no names for what it can do
    for (const name of ['sh', 'cat', 'timeout', 'wget']) { fs.copyFileSync(path.join(all, 'bin/busybox'), path.join(content, 'bin', name)); }
    const archive = run(['tar', '-C', content, '-c', '.']).toString('base64');
    const made = runInImage(['sh', '-c', MAKE_IMAGES], { image: APPTAINER_IMAGE, input: archive, files: { '/etc/resolv.conf': '' } });
    if (made.status !== 0) { throw new Error(`no images were made:\n${made.stderr}`); }
    run(['tar', '--numeric-owner', '-C', tree, '-xp'], Buffer.from(made.stdout, 'base64'));
  });
}

/** The images as an archive that a user unpacks. */
export function jobImagesArchive(): string {
  return run(['tar', '-C', jobImages(), '-cz', JOB_SANDBOX, JOB_SIF]).toString('base64');
}

function run(argv: string[], input?: Buffer): Buffer {
  const result = spawnSync(argv[0], argv.slice(1), { input, maxBuffer: 64 * 1024 * 1024 });
  if (result.status !== 0) { throw new Error(`${argv.join(' ')} failed:\n${result.error ?? result.stderr}`); }
  return result.stdout;
}
