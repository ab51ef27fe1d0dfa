import { ReanaCache } from './reana-cache';
import { ReanaComputeBackend } from './reana-compute-backend';
import { daskProblems } from './reana-dask';
import { ReanaDatabase } from './reana-database';
import { fsGroupProblems } from './reana-fs-group';
import { workspacePathProblems } from './reana-host-paths';
import { housekeepingProblems } from './reana-housekeeping';
import { imageProblems } from './reana-images';
import { ingressProblems } from './reana-ingress';
import { jobProblems } from './reana-jobs';
import { kerberosProblems } from './reana-kerberos';
import { kueueProblems } from './reana-kueue';
import { loginProblems } from './reana-login';
import { ReanaMessageBroker } from './reana-message-broker';
import { DEFAULT_PREFIX, LONGEST_PREFIX, ReanaNames } from './reana-names';
import { notificationProblems } from './reana-notifications';
import { openSearchProblems } from './reana-open-search';
import { placementProblems } from './reana-placement';
import { ReanaPlatformProps } from './reana-platform-props';
import { ReanaEnvironments, ReanaProgram } from './reana-programs';
import { hasQuota, ReanaRuntimeLimits } from './reana-runtime';
import { schedulingProblems } from './reana-scheduling';
import { sessionImages, sessionProblems } from './reana-sessions';
import { ReanaSettings } from './reana-settings';
import { specValidationProblems } from './reana-spec-validation';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';

/** Variables by which other objects of the platform are found, or that hold what must not be in a file. */
const OWNED = new RegExp(`^(${[
  'REANA_COMPONENT_(PREFIX|NAMING_SCHEME)', 'REANA_(INFRASTRUCTURE|RUNTIME)_KUBERNETES_(NAMESPACE|SERVICEACCOUNT_NAME)', 'REANA_HOSTNAME',
  'REANA_SHARED_PVC_NAME', 'REANA_STORAGE_BACKEND', 'SHARED_VOLUME_PATH', 'WORKSPACE_PATHS', 'REANA_JOB_HOSTPATH_MOUNTS', 'WORKFLOW_RUNTIME_\\w+', 'REANA_DB_\\w+', 'REANA_SQLALCHEMY_DATABASE_URI',
  'RABBIT_MQ\\w*', 'REANA_CACHE_\\w+', 'REANA_SECRET_KEY', 'REANA_ADMIN_ACCESS_TOKEN', '\\w+_(SECRETS?|PASSWORD)',
].join('|')})$`);

/** What is wrong with a platform. */
export function platformProblems(settings: ReanaSettings): string[] {
  const { props, names, images, storage, readsNodes } = settings;
  return [
    ...nameProblems(props, names),
    ...backingServiceProblems(settings),
    ...imageProblems(images),
    ...programProblems('server', props.server, storage.shared),
    ...programProblems('workflowController', props.workflowController, storage.shared),
    ...environmentProblems(props.environments ?? {}),
    ...prefixProblems(props, names.prefix),
    ...storage._oneNamespaceOnly && !names.oneNamespace
      ? [problem('runtimeNamespace', names.runtimeNamespace, 'the namespace of the services, with a claim on a StorageClass: a volume that both have is by nfs, csi or existingClaim')]
      : [],
    ...workspacePathProblems(props.workspacePaths),
    ...props.fsGroup ? fsGroupProblems(props.fsGroup) : [],
    ...runtimeLimitProblems(props.runtimeLimits ?? {}, names.oneNamespace),
    ...ingressProblems(props.ingress ?? {}),
    ...loginProblems(props.login ?? {}),
    ...jobProblems(props.jobs ?? {}),
    ...vettedImageProblems(props),
    ...specValidationProblems(props.specValidation ?? {}),
    ...schedulingProblems(props.scheduling ?? {}, readsNodes),
    ...placementProblems(props.placement ?? {}),
    ...housekeepingProblems(props.quotas, props.retention),
    ...sessionProblems(props.sessions ?? {}),
    ...props.notifications ? notificationProblems(props.notifications) : [],
    ...props.openSearch ? openSearchProblems(props.openSearch) : [],
    ...props.kerberos ? kerberosProblems(props.kerberos) : [],
    ...props.kueue ? kueueProblems(props.kueue) : [],
    ...props.dask ? daskProblems(props.dask) : [],
  ];
}

function nameProblems(props: ReanaPlatformProps, names: ReanaNames): string[] {
  const { hostname, hostPort, computeBackends, gitlabSecret, managementSecret, secretKey } = props;
  const problems: string[] = [];
  if (!isDnsSubdomain(hostname)) { problems.push(problem('hostname', hostname, 'a DNS name, such as reana.cern.ch')); }
  if (hostPort !== undefined && !(Number.isInteger(hostPort) && hostPort >= 1 && hostPort <= 65535)) {
    problems.push(problem('hostPort', hostPort, 'a port from 1 to 65535'));
  }
  if (!ReanaNames.isPrefix(names.prefix)) {
    problems.push(problem('prefix', names.prefix, `a DNS label of at most ${LONGEST_PREFIX} characters: names of users' Secrets begin with it`));
  }
  for (const property of ['namespace', 'runtimeNamespace'] as const) {
    if (!isDnsLabel(names[property])) { problems.push(problem(property, names[property], 'a DNS label of at most 63 characters')); }
  }
  const secrets = { gitlabSecret, managementSecret, 'secretKey.secretName': secretKey?.secretName };
  for (const [property, name] of Object.entries(secrets)) {
    if (name !== undefined && !isDnsSubdomain(name)) { problems.push(problem(property, name, 'the name of a Secret')); }
  }
  for (const backend of computeBackends ?? []) {
    // a program in JavaScript can give anything
    if (!Object.values(ReanaComputeBackend).includes(backend)) {
      problems.push(problem('computeBackends', backend, Object.values(ReanaComputeBackend).join(', ')));
    }
  }
  if (computeBackends?.length === 0 || new Set(computeBackends).size !== (computeBackends?.length ?? 0)) {
    problems.push(problem('computeBackends', computeBackends, 'at least one backend, each once'));
  }
  return problems;
}

/** REANA builds the host names of broker and cache by itself, and the services let those in who belong to the same REANA. */
function backingServiceProblems({ names, database, messageBroker, cache }: ReanaSettings): string[] {
  const problems: string[] = [];
  const said = ({ prefix, namespace, runtimeNamespace }: ReanaNames) => `prefix ${prefix}, namespace ${namespace}, runtimeNamespace ${runtimeNamespace}`;
  for (const [property, service] of Object.entries({ database, messageBroker, cache })) {
    const ours = service instanceof ReanaDatabase || service instanceof ReanaMessageBroker || service instanceof ReanaCache;
    if (ours && said(service._names) !== said(names)) {
      problems.push(problem(property, said(service._names), `one that was told the platform's: ${said(names)}`));
    }
  }
  return problems;
}

function programProblems(property: string, { replicas, processes, threads }: ReanaProgram = {}, shared: boolean): string[] {
  const problems = Object.entries({ replicas, processes, threads })
    .filter(([, count]) => count !== undefined && !(Number.isInteger(count) && count >= 1))
    .map(([name, count]) => problem(`${property}.${name}`, count, 'a whole number of at least 1'));
  if (replicas !== undefined && replicas > 1 && !shared) {
    problems.push(problem(`${property}.replicas`, replicas, '1, on storage of a single node: pods elsewhere would see other workspaces'));
  }
  return problems;
}

function environmentProblems(environments: ReanaEnvironments): string[] {
  return Object.entries(environments).flatMap(([program, variables]) => Object.keys(variables ?? {}).flatMap(name => {
    const property = `environments.${program}.${name}`;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) { return [problem(property, name, 'the name of a variable')]; }
    return OWNED.test(name) ? [problem(property, '...', 'variables that no other object hangs on and that hold nothing secret')] : [];
  }));
}

/** What knows no other prefix than REANA's own. */
function prefixProblems({ sessions, dask }: ReanaPlatformProps, prefix: string): string[] {
  const fixed: { [property: string]: unknown } = { 'sessions.maxInactivity': sessions?.maxInactivity?.toHumanString(), dask };
  return prefix === DEFAULT_PREFIX ? [] : Object.entries(fixed).filter(([, value]) => value !== undefined)
    .map(([property, value]) => problem(property, value, `nothing, with the prefix ${prefix}: REANA's programs look for ${DEFAULT_PREFIX} there`));
}

function runtimeLimitProblems(limits: ReanaRuntimeLimits, oneNamespace: boolean): string[] {
  const problems: string[] = [];
  if (oneNamespace && hasQuota(limits)) {
    problems.push(problem('runtimeLimits', 'cpu, memory or pods', 'these with a runtimeNamespace: otherwise workflows would keep REANA\'s own pods from starting'));
  }
  if (limits.pods !== undefined && !(Number.isInteger(limits.pods) && limits.pods >= 1)) {
    problems.push(problem('runtimeLimits.pods', limits.pods, 'a whole number of at least 1'));
  }
  return problems;
}

function vettedImageProblems({ vettedImages, sessions = {} }: ReanaPlatformProps): string[] {
  if (!vettedImages) { return []; }
  const allowed = `images that are vetted: ${vettedImages.join(', ')}`;
  return [
    ...vettedImages.length === 0 ? [problem('vettedImages', vettedImages, 'at least one image')] : [],
    ...sessionImages(sessions).filter(({ image }) => !vettedImages.includes(image)).map(({ image }) => problem('sessions.jupyterImages', image, allowed)),
    ...sessions.customImages ? [problem('sessions.customImages', true, 'false, with vettedImages')] : [],
  ];
}
