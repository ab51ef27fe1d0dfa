import { execFileSync } from 'child_process';
import { createHash } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { cached } from '../cache';
import { attempt } from '../command';
import { toolset } from './binaries';
import { Image } from './images';

/** What containerd keeps in its root is made once for some images, and linked into each node's: to unpack them takes seconds of a processor. */
const PREPARE = `set -e
containerd=$1 ctr=$2 tree=$3
shift 3
run=$(mktemp -d)
cat >"$run/config.toml" <<END
version = 3
root = '$tree'
state = '$run/state'
disabled_plugins = ['io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.images', 'io.containerd.cri.v1.runtime', 'io.containerd.nri.v1.nri']
[grpc]
  address = '$run/socket'
[ttrpc]
  address = '$run/socket.ttrpc'
END
"$containerd" --config "$run/config.toml" >"$run/log" 2>&1 &
daemon=$!
trap 'kill $daemon; wait $daemon || true; rm -rf "$run"' EXIT
for _ in $(seq 300); do "$ctr" --address "$run/socket" version >/dev/null 2>&1 && break; sleep 0.1; done
for archive in "$@"; do "$ctr" --address "$run/socket" --namespace k8s.io images import --snapshotter overlayfs "$archive" || { cat "$run/log" >&2; exit 1; }; done
`;

/** Databases are each containerd's own; all else is never written to again. */
const LEND = 'cp -al "$0/." "$1" && find "$0" -name "*.db" -printf "%P\\n" | while read -r file; do cp --remove-destination "$0/$file" "$1/$file"; done';

function prepared(images: readonly Image[]): string {
  const { path: program, version } = toolset('containerd');
  const key = createHash('sha256').update(JSON.stringify([version, PREPARE, images.map(({ archive }) => archive)])).digest('hex').slice(0, 12);
  return cached(`containerd-${key}`, tree => {
    execFileSync('bash', ['-c', PREPARE, 'prepare', program('containerd'), program('ctr'), tree, ...images.map(({ archive }) => archive)], { stdio: ['ignore', 'ignore', 'pipe'] });
  });
}

/**
 * Gives a containerd that has not started yet images, in its root.
 *
 * @returns whether it has them; where files can't be linked, on another device, it has none
 */
export async function lendImages(images: readonly Image[], root: string): Promise<boolean> {
  const from = prepared(images);
  fs.mkdirSync(path.dirname(root), { recursive: true });
  fs.mkdirSync(root, { recursive: true, mode: 0o711 });
  const { status } = await attempt(['sh', '-c', LEND, from, root]);
  if (status === 0) { return true; }
  fs.rmSync(root, { recursive: true, force: true });
  return false;
}
