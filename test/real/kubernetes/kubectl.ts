import * as path from 'path';
import { CommandResult } from '../command';
import { Machine } from '../machine';
import { PATIENCE } from '../until';
import { toolset } from './binaries';

export interface KubectlOptions {
  /** What it reads from its standard input. */
  readonly input?: string;
  /** Variables of its environment. */
  readonly env?: { readonly [name: string]: string };
  /** Seconds after which it is killed. @default - a little longer than kubectl itself is told to wait */
  readonly timeout?: number;
}

/** Runs kubectl on a machine, and says how it ended. */
export function kubectl(machine: Machine, kubeconfig: string, args: string[], options: KubectlOptions = {}): Promise<CommandResult> {
  // API servers of several clusters, and of runs before, have one address: what one knows is nothing to the others
  // and it ends before garbage is worth collecting
  const environment = { GOGC: 'off', KUBECACHEDIR: path.join(path.dirname(kubeconfig), 'kubectl'), ...options.env };
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  // Node gives its children a socket to read from, which can't be opened as /dev/stdin; a pipe can.
  const pipe = options.input === undefined ? [] : ['sh', '-c', 'cat | "$@"', 'sh'];
  return machine.attempt(
    [...pipe, 'env', ...variables, toolset('kubernetes-newest').path('kubectl'), `--kubeconfig=${kubeconfig}`, ...args],
    { input: options.input, timeout: options.timeout ?? PATIENCE + 30 },
  );
}
