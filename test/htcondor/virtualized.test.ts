import { Chart, Duration, Testing } from 'cdk8s';
import {
  ClassAdExpression, CloudMetadata, CondorImage, CondorPool, CondorVersion, MemoryExceeded, RunMode, StartdFleet, StartdFleetProps,
} from '../../src';

/* What container jobs and the closed metadata service become in the objects; what they do is shown by the suites against the real pool. */

const find = (objects: any[], kind: string) => objects.find(object => object.kind === kind);
const knob = (text: string, name: string) => new RegExp(`^${name} += ?(.*)$`, 'm').exec(text)?.[1];

function fleet(props: Partial<StartdFleetProps>): { files: { [file: string]: string }; pod: any; container: any; level: string; policy: any } {
  const chart = new Chart(Testing.app(), 'site');
  const pool = CondorPool.fromAttributes({ collectors: ['cm.example.org'], trustDomain: 'example.org', image: CondorImage.debian() });
  new StartdFleet(chart, 'workers', { pool, ...props });
  const objects = Testing.synth(chart);
  const pod = find(objects, 'DaemonSet').spec.template.spec;
  return {
    files: find(objects, 'ConfigMap').data,
    pod,
    container: pod.containers[0],
    level: find(objects, 'Namespace').metadata.labels['pod-security.kubernetes.io/enforce'],
    policy: find(objects, 'NetworkPolicy'),
  };
}

/** What is reported, line by line. */
function problems(props: Partial<StartdFleetProps>): string[] {
  try {
    fleet(props);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').slice(1).map(line => line.replace(/^ *\[[^\]]*\] /, ''));
  }
}

describe('jobs in containers', () => {
  test('without a word there is nothing of it', () => {
    const { files, container, level } = fleet({});
    expect(Object.keys(files)).not.toContain('apptainer.conf');
    expect(files.condor_config).not.toContain('SINGULARITY');
    expect(container.securityContext.seccompProfile).toBeUndefined();
    expect(level).toBe('baseline');
  });

  test('HTCondor is told of Apptainer, and Apptainer to do without process namespaces', () => {
    const { files, container, pod, level } = fleet({ containers: {} });
    expect(['SINGULARITY', 'SINGULARITY_IS_SETUID', 'SINGULARITY_USE_PID_NAMESPACES', 'SINGULARITY_JOB', 'SINGULARITY_BIND_EXPR'].map(name => knob(files.condor_config, name)))
      .toEqual(['/usr/bin/apptainer', 'False', 'False', undefined, undefined]);
    expect(files['apptainer.conf']).toBe('allow pid ns = no\n');
    expect(container.volumeMounts).toContainEqual({ name: 'config', mountPath: '/etc/apptainer/apptainer.conf', subPath: 'apptainer.conf', readOnly: true });
    // the daemons' container alone, which is as it was otherwise
    expect(container.securityContext).toEqual({ ...fleet({}).container.securityContext, seccompProfile: { type: 'Unconfined' } });
    expect(pod.securityContext.seccompProfile).toEqual({ type: 'RuntimeDefault' });
    expect(level).toBe('privileged');
  });

  test('a profile of the nodes leaves the namespace as it was, and a privileged container has none', () => {
    const own = fleet({ containers: { seccompProfile: 'profiles/apptainer.json' } });
    expect(own.container.securityContext.seccompProfile).toEqual({ type: 'Localhost', localhostProfile: 'profiles/apptainer.json' });
    expect(own.level).toBe('baseline');
    expect(fleet({ containers: {}, privileged: true }).container.securityContext).toEqual({ privileged: true, runAsUser: 0 });
  });

  test('what jobs see, and the image of those that name none', () => {
    const { files } = fleet({ containers: { bind: ['/cvmfs', '/eos:/data:ro'], defaultImage: '/cvmfs/images/el9' } });
    expect(['SINGULARITY_BIND_EXPR', 'SINGULARITY_JOB', 'SINGULARITY_IMAGE_EXPR'].map(name => knob(files.condor_config, name))).toEqual([
      '"/cvmfs /eos:/data:ro"', 'True', 'TARGET.SingularityImage ?: ifThenElse(TARGET.ContainerImage isnt undefined, undefined, "/cvmfs/images/el9")',
    ]);
  });

  test.each([
    ['a path that is relative', { bind: ['cvmfs'] }, 'containers.bind: given "cvmfs"'],
    ['a way out', { bind: ['/cvmfs/../etc'] }, 'containers.bind: given "/cvmfs/../etc"'],
    ['two paths in one', { bind: ['/cvmfs /eos'] }, 'containers.bind: given "/cvmfs /eos"'],
    ['a mode that is none', { bind: ['/eos:/data:no'] }, 'containers.bind: given "/eos:/data:no"'],
    ['the pool\'s tokens', { bind: ['/etc/condor/tokens.d'] }, 'containers.bind: given "/etc/condor/tokens.d", allowed: what holds neither'],
    ['what holds them', { bind: ['/etc'] }, 'containers.bind: given "/etc", allowed: what holds neither'],
    ['a default image of nowhere', { defaultImage: 'el9.sif' }, 'containers.defaultImage: given "el9.sif"'],
    ['a profile of the root', { seccompProfile: '/profiles/apptainer.json' }, 'containers.seccompProfile: given "/profiles/apptainer.json"'],
    ['a profile elsewhere', { seccompProfile: '../apptainer.json' }, 'containers.seccompProfile: given "../apptainer.json"'],
  ])('refused is %s', (_what, containers, text) => {
    expect(problems({ containers })).toEqual([expect.stringContaining(text)]);
  });

  test('refused is a profile of a privileged container, and a knob that the fleet sets', () => {
    expect(problems({ containers: { seccompProfile: 'a.json' }, privileged: true })).toEqual([expect.stringContaining('containers.seccompProfile: given "a.json", allowed: none with privileged')]);
    expect(problems({ containers: {}, extraConfig: { SINGULARITY: '/bin/true' } })).toEqual([expect.stringContaining('extraConfig.SINGULARITY')]);
  });
});

describe('a cloud\'s metadata service', () => {
  const RULES = CloudMetadata.ROUTING_RULES;
  const before = (props: Partial<StartdFleetProps>) => fleet(props).pod.initContainers.find(({ name }: { name: string }) => name === 'metadata');

  test('is closed by the NetworkPolicy, and by rules where none applies', () => {
    const { policy, level } = fleet({});
    expect(policy.spec.egress[0].to).toEqual([{ ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.169.254/32'] } }, { ipBlock: { cidr: '::/0', except: ['fd00:ec2::254/128'] } }]);
    expect(before({})).toBeUndefined();
    expect(level).toBe('baseline');
    expect(before({ hostNetwork: true })).toMatchObject({
      securityContext: { runAsUser: 0, runAsNonRoot: false, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } },
    });
    expect(before({ hostNetwork: true, networkPolicy: true })).toBeDefined();
  });

  test('is closed by rules on a network of the pod\'s own, for which the namespace must be privileged', () => {
    expect(before({ cloudMetadata: RULES, networkPolicy: false })).toBeDefined();
    expect(fleet({ cloudMetadata: RULES }).policy.spec.egress[0].to[0].ipBlock.except).toEqual(['169.254.169.254/32']);
    expect(fleet({ cloudMetadata: RULES }).level).toBe('privileged');
  });

  test('the rules are for those whom jobs run as', () => {
    const users = (props: Partial<StartdFleetProps>) => /in (.*); do id/.exec(before({ cloudMetadata: RULES, ...props }).command[2])![1].split(' ');
    expect(users({})).toEqual(Array.from({ length: 64 }, (_, index) => `slot1_${index + 1}`));
    expect(users({ image: new CondorImage({ reference: 'a', version: CondorVersion.V25_0, iproute: true }), acceptJobsShareUser: true })).toEqual(['nobody']);
    expect(users({ rootless: true, acceptJobsReadToken: true })).toEqual(['64']);
  });

  test('is open if somebody says so', () => {
    const { policy, pod } = fleet({ cloudMetadata: CloudMetadata.OPEN, runMode: RunMode.CONDOR_STARTD });
    expect(policy.spec.egress[0].to).toEqual([{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }]);
    expect(pod.initContainers.map(({ name }: { name: string }) => name)).toEqual(['prepare']);
    expect(before({ cloudMetadata: CloudMetadata.OPEN, hostNetwork: true })).toBeUndefined();
    expect(problems({ cloudMetadata: CloudMetadata.OPEN, networkPolicy: false })).toEqual([]);
  });

  test('refused are images without what makes the rules', () => {
    expect(problems({ hostNetwork: true, image: CondorImage.official() })).toEqual([expect.stringContaining('cloudMetadata: given undefined, allowed: OPEN, or images with iproute')]);
    expect(problems({ hostNetwork: true, image: CondorImage.official(), cloudMetadata: CloudMetadata.OPEN })).toEqual([]);
  });

  test('refused is a NetworkPolicy that closes nothing', () => {
    expect(problems({ cloudMetadata: CloudMetadata.NETWORK_POLICY, hostNetwork: true })).toEqual([expect.stringContaining('cloudMetadata: given "NetworkPolicy", allowed: ROUTING_RULES or OPEN: with hostNetwork')]);
    expect(problems({ networkPolicy: false })).toEqual([expect.stringContaining('networkPolicy: given false, allowed: only with cloudMetadata ROUTING_RULES or OPEN')]);
  });
});

describe('a job that uses more memory than its slot has', () => {
  const exceeded = '((ProportionalSetSizeKb ?: ResidentSetSize ?: 0) > 1024 * Memory)';

  test('is let go at once and held, whatever jobs are granted otherwise', () => {
    const { files: { condor_config: text } } = fleet({
      memoryExceeded: MemoryExceeded.HOLD, maxJobRetirement: Duration.hours(1), preempt: ClassAdExpression.parse('Idle'), wantVacate: ClassAdExpression.parse('Nice'),
    });
    expect(['PREEMPT', 'WANT_VACATE', 'WANT_HOLD', 'WANT_HOLD_SUBCODE', 'MAXJOBRETIREMENTTIME', 'STARTER_UPDATE_INTERVAL'].map(name => knob(text, name))).toEqual([
      `${exceeded} || Idle`, `(!${exceeded}) && Nice`, exceeded.slice(1, -1), '102', `ifThenElse(${exceeded.slice(1, -1)}, -1, 3600)`, '60',
    ]);
  });

  test('without other policies the conditions are its own', () => {
    const { files: { condor_config: text } } = fleet({ memoryExceeded: MemoryExceeded.HOLD });
    expect(['PREEMPT', 'WANT_VACATE', 'USE_PSS'].map(name => knob(text, name))).toEqual([exceeded.slice(1, -1), `!${exceeded}`, 'True']);
  });

  test('nothing is done about it where the pods would need more rights, unless the fleet says so', () => {
    const { files: { condor_config: text }, container, level } = fleet({});
    expect(text).not.toMatch(/WANT_HOLD|STARTER_UPDATE_INTERVAL|USE_PSS/);
    expect(fleet({ memoryExceeded: MemoryExceeded.IGNORE }).files).toEqual(fleet({}).files);
    expect([container.securityContext.capabilities.add.includes('SYS_PTRACE'), level]).toEqual([false, 'baseline']);

    const said = fleet({ memoryExceeded: MemoryExceeded.HOLD });
    expect([said.container.securityContext.capabilities.add.includes('SYS_PTRACE'), said.level]).toEqual([true, 'privileged']);
  });

  test.each<[string, Partial<StartdFleetProps>, string]>([
    ['privileged', { privileged: true }, 'privileged'],
    ['rootless', { rootless: true, acceptJobsReadToken: true }, 'restricted'],
  ])('pods that see it anyway look at it without a word: %s', (_, props, allowed) => {
    const { files: { condor_config: text }, container: { securityContext }, level } = fleet(props);
    expect([knob(text, 'WANT_HOLD'), securityContext.capabilities?.add, level]).toEqual([exceeded.slice(1, -1), undefined, allowed]);
    expect(fleet({ ...props, memoryExceeded: MemoryExceeded.IGNORE }).files.condor_config).not.toContain('WANT_HOLD');
  });
});

describe('control groups of jobs', () => {
  const KNOBS = ['BASE_CGROUP', 'CGROUP_MEMORY_LIMIT_POLICY', 'MOUNT_UNDER_SCRATCH', 'MOUNT_PRIVATE_DEV_SHM'];
  const written = (props: Partial<StartdFleetProps>) => KNOBS.map(name => knob(fleet(props).files.condor_config, name));
  const hook = (props: Partial<StartdFleetProps>) => fleet(props).container.env.some(({ name }: { name: string }) => name === '_CONDOR_STARTER_JOB_HOOK_KEYWORD');

  test('are there where they can be, with directories of the jobs\' own in place of a program that would keep HTCondor from making them', () => {
    expect(written({ privileged: true })).toEqual(['htcondor', 'hard', '"/tmp,/var/tmp"', 'True']);
    expect(fleet({ privileged: true, jobControlGroups: true }).files).toEqual(fleet({ privileged: true }).files);
    expect(hook({ privileged: true })).toBe(false);
    expect(fleet({ privileged: true }).files).not.toHaveProperty('slot-user-cleanup');
  });

  test('are not there where nobody wants them or there can be none', () => {
    expect(written({ privileged: true, jobControlGroups: false })).toEqual(['', undefined, undefined, undefined]);
    expect(written({})).toEqual([undefined, undefined, undefined, undefined]);
    expect(hook({ privileged: true, jobControlGroups: false })).toBe(true);
    expect(hook({})).toBe(true);
  });

  test('refused is to want them without privileges', () => {
    expect(problems({ jobControlGroups: true })).toEqual([expect.stringContaining('jobControlGroups: given true, allowed: only with privileged')]);
    expect(problems({ jobControlGroups: false })).toEqual([]);
  });
});
