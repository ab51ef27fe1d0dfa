import { execFileSync } from 'child_process';
import * as path from 'path';
import { cached } from '../cache';

/** The package with the engine's side. */
export const PACKAGE = path.join(__dirname, '..', '..', '..', 'packages', 'wflowbackend');
/** The release that the package asks for. */
const YADAGE = 'yadage==0.21.2';

/** An engine that gets its context as any does, and then waits and ends as its parameters say. */
const QUICK = `
import sys, time
from wflowbackend import context
pars = context.acquire(sys.argv[1])["fixed_pars"]
print("waiting", flush=True)
time.sleep(pars.get("seconds", 0))
sys.exit(pars.get("code", 0))
`;

/** Nothing is left beside the sources. */
const CLEAN = { PYTHONDONTWRITEBYTECODE: '1' };

/** The command of an engine and its environment. */
export function engineFiles(kind: 'yadage' | 'quick'): { readonly command: string[]; readonly env: { readonly [name: string]: string } } {
  if (kind === 'quick') { return { command: ['python3', '-c', QUICK, '{wflowid}'], env: { PYTHONPATH: PACKAGE, ...CLEAN } }; }
  const program = 'exec python3 -m wflowbackend.process setupFromURL generic_onsuccess cleanup --config-from-server {wflowid}';
  return { command: ['sh', '-c', program], env: { PYTHONPATH: `${PACKAGE}:${yadage()}`, WFLOW_BACKEND: 'multiproc:1', WFLOW_YADAGEUPDATE: '0.2', ...CLEAN } };
}

/** Yadage and what it needs, from PyPI. */
export function yadage(): string {
  return cached(YADAGE.replace('==', '-'), directory => {
    execFileSync('python3', ['-m', 'pip', '--disable-pip-version-check', 'install', '--quiet', '--target', directory, YADAGE], { stdio: 'inherit' });
  });
}
