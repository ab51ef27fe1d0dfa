import { spawnSync } from 'child_process';

/** Unpacks packages of a release of Debian, and what they depend on, into a directory that isn't there yet. Nothing of them is run. */
export function unpackPackages(release: string, packages: readonly string[], directory: string): void {
  run(['mmdebstrap', '--quiet', '--variant=extract', `--include=${packages.join(',')}`, ...proxies(), release, directory, ...mirror()]);
}

/** Where images/htcondor is built from. */
function mirror(): string[] {
  return process.env.DEBIAN_MIRROR ? [process.env.DEBIAN_MIRROR] : [];
}

/** How this machine's own apt gets there. */
function proxies(): string[] {
  return ['http', 'https'].flatMap(scheme => {
    const [, proxy] = /'(.*)'/.exec(run(['apt-config', 'shell', 'proxy', `Acquire::${scheme}::Proxy`])) ?? [];
    return proxy ? [`--aptopt=Acquire::${scheme}::Proxy "${proxy}"`] : [];
  });
}

function run(argv: string[]): string {
  const result = spawnSync(argv[0], argv.slice(1), { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.status !== 0) { throw new Error(`${argv.join(' ')} failed:\n${result.error ?? result.stderr}`); }
  return result.stdout;
}
