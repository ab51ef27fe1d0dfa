import { Duration } from 'cdk8s';
import type { ContainerResources } from 'cdk8s-plus-27';
import { isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** What runs a workflow's steps, by the string that `yadage-run --backend` takes. */
export enum StepBackend {
  /**
   * The backend of this library, which goes with it: labels for each step, the exit code of a step's command, and all of `StepOptions`.
   * It has the name and the options (`backendopts`) of the one that CERN ran in 2018.
   */
  SHARED_STATE_KUBE = 'py:sharedstatekube:backend',

  /**
   * The one that Packtivity brings. It runs steps as root, takes a step for done whatever its command's exit code is, if only its outputs are
   * there, and labels steps with `component` alone: the workflow monitor doesn't see to which workflow they belong.
   */
  KUBE_DIRECT_JOB = 'kubedirectjob',
}

/** How the steps of workflows run: what holds for each Job and its pod. */
export interface StepOptions {
  /**
   * What a step asks for, and may have, unless its specification says otherwise: `kubernetes_memory_limit`, `kubernetes_memory_request`,
   * `kubernetes_cpu_limit` and `kubernetes_cpu_request` in the `resources` of its environment (`resources_opts`). A limit that a step says alone is also its request.
   *
   * @default - 1 CPU and 2 GiB requested, memory limited to 2 GiB
   */
  readonly resources?: ContainerResources;

  /**
   * The user and group that steps run as, from 1 on; a step may say another user: `kubernetes_uid` in the `resources` of its environment. What one
   * step writes, the next and the engine must be able to read.
   *
   * @default - those of the engine
   */
  readonly user?: number;

  /**
   * Whether steps run as root, as images of analyses often want. Their namespace then has the Pod Security level `baseline`.
   * Refused: beside `user`.
   *
   * @default false
   */
  readonly root?: boolean;

  /**
   * The ServiceAccount of steps, which somebody else makes. No token is mounted.
   *
   * @default 'default'
   */
  readonly serviceAccountName?: string;

  /**
   * The longest that a step may take, queueing excluded (`activeDeadlineSeconds`): it fails with `DeadlineExceeded`.
   *
   * @default - no limit but the workflow's
   */
  readonly timeLimit?: Duration;

  /**
   * How long after its submission a step whose image can't be pulled, or whose container can't be made, fails.
   *
   * @default Duration.minutes(10)
   */
  readonly startTimeout?: Duration;

  /**
   * How long a step's Job, its pod and its log stay when it has ended (`ttlSecondsAfterFinished`). With the engine's Job they go at once. Refused: less than
   * ten minutes, since an engine must see how a step has ended, also when it could not ask for a while.
   *
   * @default Duration.days(1)
   */
  readonly keep?: Duration;

  /**
   * Labels that nodes must have.
   *
   * @default - any node
   */
  readonly nodeSelector?: { [label: string]: string };

  /**
   * Taints that are tolerated, as Kubernetes has them.
   *
   * @default - none
   */
  readonly tolerations?: { [key: string]: any }[];

  /**
   * The PriorityClass of steps.
   *
   * @default - the cluster's default one
   */
  readonly priorityClassName?: string;

  /**
   * The LocalQueue of Kueue that admits steps.
   *
   * @default - Jobs start as soon as they are made
   */
  readonly queueName?: string;

  /**
   * The Secret that steps find in `/recast_auth` that want `GRIDProxy` or `KRB5Auth`, with `getkrb.sh` among its keys. Without, such a step fails.
   *
   * @default - none
   */
  readonly authSecretName?: string;

  /**
   * The repositories of CVMFS that steps find below `/cvmfs` that want `CVMFS`, and the claim of each, such as those of the CSI driver
   * `cvmfs.csi.cern.ch`. Without, such a step fails.
   *
   * @default - none
   */
  readonly cvmfsClaims?: { [repository: string]: string };

  /**
   * Where steps run that don't say it as `compute_backend` in the `resources` of their environment: `kubernetes` is the engine's own cluster, the
   * others are the ids of constructs that were given the engine, such as `CondorSteps`.
   *
   * Refused: what no construct has as its id.
   *
   * @default 'kubernetes'
   */
  readonly computeBackend?: string;

  /**
   * Further labels of a step's Job and pod. Refused: `component`, `jobid` and `wflowid`, which are the backend's.
   *
   * @default - none
   */
  readonly labels?: { [label: string]: string };
}

/** Labels that steps have, whatever is asked for. */
const OWN_LABELS = ['component', 'jobid', 'wflowid'];

/** What only this library's backend can do. */
const OWN_OPTIONS: readonly (keyof StepOptions)[] = [
  'user', 'serviceAccountName', 'timeLimit', 'startTimeout', 'keep', 'nodeSelector', 'tolerations', 'priorityClassName', 'queueName', 'cvmfsClaims',
  'computeBackend',
];

/** What has ended must be there when the engine asks next, in seconds. */
const SHORTEST_KEEP = 600;

/** The compute backend that is always there. REANA calls it so. */
export const HERE = 'kubernetes';

/** What is wrong with them. */
export function stepProblems(backend: StepBackend, steps: StepOptions, computeBackends: readonly string[]): string[] {
  const problems: string[] = [];
  if (steps.computeBackend !== undefined && ![HERE, ...computeBackends].includes(steps.computeBackend)) {
    problems.push(problem('steps.computeBackend', steps.computeBackend, [HERE, ...computeBackends].join(', ')));
  }
  if (steps.user !== undefined && (!Number.isInteger(steps.user) || steps.user < 1)) { problems.push(problem('steps.user', steps.user, 'a user id from 1 on')); }
  if (steps.root && steps.user !== undefined) { problems.push(problem('steps.root', steps.root, 'false beside user')); }
  for (const name of ['serviceAccountName', 'priorityClassName', 'queueName', 'authSecretName'] as const) {
    if (steps[name] !== undefined && !isDnsSubdomain(steps[name])) { problems.push(problem(`steps.${name}`, steps[name], 'a DNS subdomain of at most 253 characters')); }
  }
  for (const name of ['timeLimit', 'startTimeout', 'keep'] as const) {
    const seconds = steps[name]?.toSeconds({ integral: false });
    const least = name === 'keep' ? SHORTEST_KEEP : 1;
    if (seconds !== undefined && (!Number.isInteger(seconds) || seconds < least)) {
      problems.push(problem(`steps.${name}`, `${seconds} s`, `whole seconds, from ${least} on`));
    }
  }
  for (const [repository, claim] of Object.entries(steps.cvmfsClaims ?? {})) {
    if (!isDnsSubdomain(repository)) { problems.push(problem('steps.cvmfsClaims', repository, 'names of repositories, such as atlas.cern.ch')); }
    if (!isDnsSubdomain(claim)) { problems.push(problem(`steps.cvmfsClaims['${repository}']`, claim, 'the name of a claim')); }
  }
  for (const [label, value] of Object.entries(steps.labels ?? {})) {
    if (OWN_LABELS.includes(label)) { problems.push(problem('steps.labels', label, `labels but ${OWN_LABELS.join(', ')}`)); }
    if (!isLabelKey(label)) { problems.push(problem('steps.labels', label, 'a label: a DNS subdomain and a slash, or neither, and a name')); }
    if (!/^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/.test(value)) { problems.push(problem(`steps.labels['${label}']`, value, "a label's value of at most 63 characters")); }
  }
  if (backend === StepBackend.KUBE_DIRECT_JOB) {
    for (const name of OWN_OPTIONS.filter(option => steps[option] !== undefined)) {
      problems.push(problem(`steps.${name}`, steps[name], 'nothing with StepBackend.KUBE_DIRECT_JOB, which has no such option'));
    }
    if (steps.root !== true) { problems.push(problem('steps.root', steps.root, 'true with StepBackend.KUBE_DIRECT_JOB, which runs steps as root')); }
  }
  return problems;
}

function isLabelKey(key: string): boolean {
  const [name, prefix, ...rest] = key.split('/').reverse();
  return rest.length === 0 && /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(name) && (prefix === undefined || isDnsSubdomain(prefix));
}
