import * as fs from 'fs';
import { join } from 'path';

const ROOT = '/sys/fs/cgroup';

/** Whether one hierarchy holds all controllers (cgroup v2). */
export const UNIFIED = fs.existsSync(join(ROOT, 'cgroup.controllers'));

/** The hierarchies in which a group has to be made. */
function hierarchies(): string[] {
  return UNIFIED ? [ROOT] : fs.readdirSync(ROOT).map(name => join(ROOT, name)).filter(hierarchy => fs.lstatSync(hierarchy).isDirectory());
}

/** The hierarchy in which the testbed's own processes are listed. */
const OWN = UNIFIED ? ROOT : join(ROOT, 'pids');

/** A control group, by its path from the root of every hierarchy. */
export class ControlGroup {
  constructor(public readonly path: string) {}

  /** A group below this one. */
  public below(name: string): ControlGroup {
    return new ControlGroup(`${this.path}/${name}`);
  }

  /** The file that a process writes its number into in order to join. */
  public get door(): string {
    fs.mkdirSync(join(OWN, this.path), { recursive: true });
    return join(OWN, this.path, 'cgroup.procs');
  }

  /** Makes the group in all hierarchies, ready to have groups of containers below it, as the kubelet expects. */
  public make(): void {
    for (const hierarchy of hierarchies()) {
      let directory = hierarchy;
      for (const name of this.path.split('/').filter(Boolean)) {
        const above = directory;
        directory = join(above, name);
        if (UNIFIED) {
          const controllers = fs.readFileSync(join(above, 'cgroup.controllers'), 'utf8').trim().split(' ');
          fs.writeFileSync(join(above, 'cgroup.subtree_control'), controllers.map(controller => `+${controller}`).join(' '));
        }
        fs.mkdirSync(directory, { recursive: true });
        // An empty set of processors takes in no process (cgroup v1).
        for (const set of ['cpuset.cpus', 'cpuset.mems']) {
          const file = join(directory, set);
          if (!UNIFIED && fs.existsSync(file) && fs.readFileSync(file, 'utf8').trim() === '') {
            fs.writeFileSync(file, fs.readFileSync(join(above, set)));
          }
        }
      }
    }
  }

  /** Ends every process of the group and of those below it, in one blow. */
  public kill(): void {
    const visit = (directory: string) => {
      for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
        if (entry.isDirectory()) {
          visit(join(directory, entry.name));
        }
      }
      for (const pid of fs.readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)) {
        try {
          process.kill(Number(pid), 'SIGKILL');
        } catch {
          // It has ended by itself.
        }
      }
    };
    const directory = join(OWN, this.path);
    if (fs.existsSync(directory)) {
      visit(directory);
    }
  }
}
