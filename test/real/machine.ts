import { attempt, CommandOptions, CommandResult, run } from './command';

/** A rule set in iptables-restore's form, by table. */
export interface RuleSet {
  readonly nat: string[];
  readonly filter: string[];
}

/**
 * A network namespace that stands for one machine: a router, a node, or a pod.
 * Its rules are always written as a whole from what is known, so that there is
 * no order in which changes have to come.
 */
export class Machine {
  /** Makes the namespace `name`. */
  public static async make(name: string): Promise<Machine> {
    const machine = new Machine(name);
    await run(['ip', 'netns', 'add', name]);
    await machine.ip('link', 'set', 'lo', 'up');
    return machine;
  }

  /** Where the kernel shows the namespace. */
  public readonly path: string;

  private constructor(public readonly name: string) {
    this.path = `/run/netns/${name}`;
  }

  public ip(...args: string[]): Promise<string> {
    return run(['ip', '-n', this.name, ...args]);
  }

  /** Runs a command of this machine's own file system in the namespace. */
  public attempt(argv: string[], options: CommandOptions = {}): Promise<CommandResult> {
    return attempt(['nsenter', `--net=${this.path}`, ...argv], options);
  }

  public async run(argv: string[], options: CommandOptions = {}): Promise<string> {
    return run(['nsenter', `--net=${this.path}`, ...argv], options);
  }

  /** Lets packets through, also where the way back differs from the way here. */
  public async forwards(): Promise<void> {
    await this.run(['sh', '-c', `
      echo 1 >/proc/sys/net/ipv4/ip_forward
      for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$file; done`]);
  }

  public async rules(rules: RuleSet): Promise<void> {
    const table = (name: string, chains: string[], lines: string[]) =>
      [`*${name}`, ...chains.map(chain => `:${chain} ACCEPT [0:0]`), ...lines, 'COMMIT', ''].join('\n');
    await this.run(['iptables-restore'], {
      input: table('nat', ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'], rules.nat)
        + table('filter', ['INPUT', 'FORWARD', 'OUTPUT'], rules.filter),
    });
  }

  /** Forgets every connection it tracks, and with them every translated address. */
  public async forgetConnections(): Promise<void> {
    await this.run(['conntrack', '-F']);
  }

  public async remove(): Promise<void> {
    await run(['ip', 'netns', 'del', this.name]);
  }
}

/** Lays a cable between two machines. */
export async function cable(a: Machine, aEnd: string, b: Machine, bEnd: string): Promise<void> {
  await run(['ip', '-n', a.name, 'link', 'add', aEnd, 'type', 'veth', 'peer', 'name', bEnd, 'netns', b.name]);
  await a.ip('link', 'set', aEnd, 'up');
  await b.ip('link', 'set', bEnd, 'up');
}
