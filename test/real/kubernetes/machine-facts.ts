import * as fs from 'fs';
import * as path from 'path';

/** What a node says about the machine that it is. */
export interface MachineFacts {
  readonly cpus: number;
  /** In MiB. */
  readonly memory: number;
}

/** What a kubelet sets for its whole machine, below /proc/sys. */
const KUBELET_SETTINGS = ['kernel/panic', 'kernel/panic_on_oops', 'kernel/keys/root_maxbytes', 'kernel/keys/root_maxkeys', 'vm/overcommit_memory', 'vm/panic_on_oom'];

/**
 * Gives a node settings of its own where its kubelet would change the machine's: it writes into files that nobody
 * else sees.
 */
export function ownSettings(directory: string): string[] {
  return KUBELET_SETTINGS.flatMap(setting => {
    const copy = path.join(directory, setting.replace(/\//g, '.'));
    fs.writeFileSync(copy, fs.readFileSync(`/proc/sys/${setting}`));
    return [`mount --bind ${copy} /proc/sys/${setting}`];
  });
}

/**
 * Writes the files from which the kubelet learns how large its machine is, and
 * gives the commands that lay them over the kernel's own. Nodes of the testbed
 * share this machine, so each may claim more than there is: only what is really
 * used must fit.
 */
export function feign(facts: MachineFacts, name: string, directory: string): string[] {
  const cpu = path.join(directory, 'cpu');
  for (let index = 0; index < facts.cpus; index += 1) {
    const topology = path.join(cpu, `cpu${index}`, 'topology');
    fs.mkdirSync(topology, { recursive: true });
    fs.writeFileSync(path.join(topology, 'core_id'), `${index}\n`);
    fs.writeFileSync(path.join(topology, 'physical_package_id'), '0\n');
  }
  // Pods are confined to the processors that are said to be on: those must be there.
  fs.writeFileSync(path.join(cpu, 'online'), fs.readFileSync('/sys/devices/system/cpu/online'));
  // Without memory nodes it is the listed processors that are counted.
  fs.mkdirSync(path.join(directory, 'node'));
  const real = (file: string) => fs.readFileSync(file, 'utf8');
  const processor = real('/proc/cpuinfo').split('\n\n')[0];
  const write = (file: string, content: string) => fs.writeFileSync(path.join(directory, file), content);
  write('cpuinfo', Array.from({ length: facts.cpus }, (_, index) => processor
    .replace(/^(processor|core id|apicid|initial apicid)(\s*:).*$/gm, `$1$2 ${index}`)
    .replace(/^(siblings|cpu cores)(\s*:).*$/gm, `$1$2 ${facts.cpus}`)).join('\n\n') + '\n\n');
  write('meminfo', real('/proc/meminfo').replace(/^MemTotal:.*$/m, `MemTotal:       ${facts.memory * 1024} kB`));
  write('machine-id', `${Buffer.from(name.padEnd(16, '-')).toString('hex').slice(0, 32)}\n`);
  return [
    `mount --bind ${directory}/cpuinfo /proc/cpuinfo`,
    `mount --bind ${directory}/meminfo /proc/meminfo`,
    `mount --bind ${directory}/node /sys/devices/system/node`,
    `mount --bind ${cpu} /sys/devices/system/cpu`,
    ...fs.existsSync('/etc/machine-id') ? [`mount --bind ${directory}/machine-id /etc/machine-id`] : [],
  ];
}
