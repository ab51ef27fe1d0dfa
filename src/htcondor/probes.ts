import { PATHS } from './paths';

/** How the kubelet finds out that a startd is dead. */
export enum StartdLiveness {
  /**
   * The startd answers a question on its own address. Neither names nor the network nor the collector are
   * needed for that: a failing probe kills all jobs of the node.
   */
  STARTD_ANSWERS = 'startd-answers',
  /**
   * `condor_who`, as in CERN's talk of 2018. It finds a startd that stopped answering; one that never came up
   * it does not find.
   *
   * Refused with `RunMode.CONDOR_MASTER`: there it asks for the way in through the collector, and hangs when the
   * link is down.
   */
  CONDOR_WHO = 'condor_who',
}

/**
 * The probes of a server of the pool: its collector or schedd answers. A schedd that is busy for minutes isn't dead, and
 * liveness waits that long.
 */
export function serverProbes(daemon: 'collector' | 'schedd', port: number): { startup: object; liveness: object; readiness: object } {
  const question = { exec: { command: ['/bin/sh', '-c', askServer(daemon, port)] } };
  return {
    startup: { ...question, periodSeconds: 5, timeoutSeconds: 15, failureThreshold: 60 },
    liveness: { ...question, periodSeconds: 60, timeoutSeconds: 20, failureThreshold: 6 },
    readiness: { ...question, periodSeconds: 10, timeoutSeconds: 15, failureThreshold: 3 },
  };
}

/** The probes of a startd. */
export function startdProbes(liveness: StartdLiveness): { startup: object; liveness: object; readiness: object } {
  const question = { exec: { command: ['/bin/sh', '-c', ASK_STARTD] } };
  return {
    startup: { ...question, periodSeconds: 5, timeoutSeconds: 15, failureThreshold: 60 },
    liveness: {
      ...(liveness === StartdLiveness.CONDOR_WHO ? { exec: { command: ['condor_who'] } } : question),
      periodSeconds: 60,
      timeoutSeconds: 20,
      failureThreshold: 5,
      // the pod's own is that of its jobs: what hangs would be left hanging for as long as they may run
      terminationGracePeriodSeconds: 60,
    },
    readiness: { ...question, periodSeconds: 30, timeoutSeconds: 15, failureThreshold: 3 },
  };
}

/** A daemon behind the shared port of this pod, by the name of its socket: the address it advertises is the world's. */
function askServer(daemon: 'collector' | 'schedd', port: number): string {
  // where HTCondor writes it by default
  const directory = daemon === 'schedd' ? PATHS.spool : PATHS.log;
  return [
    `socket=$(sed -n '1s/.*[?&]sock=\\([^&>]*\\).*/\\1/p' ${directory}/.${daemon}_address)`,
    `test -n "$socket" && exec timeout -k 1 10 condor_ping -address "<127.0.0.1:${port}?sock=$socket>" -quiet READ`,
  ].join('; ');
}

/** It dials the private address, which is the pod's own, so that the way in through the collector isn't needed. */
const ASK_STARTD = [
  `address=${PATHS.log}/.startd_address`,
  'test -s $address && exec timeout -k 1 10 condor_ping -address "$(head -n 1 $address)" -quiet READ',
].join('; ');
