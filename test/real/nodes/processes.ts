import * as fs from 'fs';
import * as path from 'path';

/** A process of a pod, as this machine counts. */
export interface PodProcess {
  readonly pid: number;
  readonly program: string;
}

/** The processes of a pod, by its uid: those in its control groups. */
export function processesOf(uid: string): PodProcess[] {
  const found: PodProcess[] = [];
  for (const pid of fs.readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      if (fs.readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(`pod${uid}`)) {
        const program = path.basename(fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]);
        if (program) { found.push({ pid: Number(pid), program }); }
      }
    } catch {
      // it ended while we looked
    }
  }
  return found;
}

/** Sends every process of a program in a pod a signal: also to the first, which no other process of the pod may kill. */
export function signal(uid: string, program: string, name: NodeJS.Signals): void {
  const processes = processesOf(uid).filter(process => process.program === program);
  if (processes.length === 0) { throw new Error(`no ${program} in pod ${uid} to be sent ${name}`); }
  processes.forEach(({ pid }) => process.kill(pid, name));
}
