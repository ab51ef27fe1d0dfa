import { App, Chart, Size, Testing } from 'cdk8s';
import {
  AccountingGroup, ClassAdExpression, Cluster, CondorHost, CondorHostProps, CondorImage, CondorPool, CondorVersion, FederatedCluster, Federation,
  StartdFleet, StartdFleetProps,
} from '../../src';
import { scratchDirectory } from '../scratch';

const HOST: CondorHostProps = {
  trustDomain: 'cern.ch',
  centralManagers: [{ address: 'condor.cern.ch' }],
  accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
  accountingGroups: [AccountingGroup.share('ATLAS', 0.6), AccountingGroup.share('ATLAS.production', 0.5), AccountingGroup.share('CMS', 0.4)],
};

const USERS = [{ name: 'alice', uid: 20001, accountingGroups: ['ATLAS', 'ATLAS.production'] }, { name: 'bob-x', uid: 20002 }];

function host(props: Partial<CondorHostProps> = {}) {
  const cluster = new Cluster(Testing.app(), 'condor-host');
  new CondorHost(cluster, 'condor', { ...HOST, ...props });
  const objects = Testing.synth(cluster);
  const find = (kind: string, name: string) => objects.find(object => object.kind === kind && object.metadata.name === name);
  return {
    files: (name: string) => find('ConfigMap', name).data as { [file: string]: string },
    template: (name: string) => find('StatefulSet', name).spec.template,
    knob: (name: string, knob: string) => new RegExp(`^${knob} += ?(.*)$`, 'm').exec(find('ConfigMap', name).data.condor_config)?.[1],
  };
}

/** What a whole program is refused for. */
function refusal(props: Partial<CondorHostProps>): string {
  const app = new App({ outdir: scratchDirectory() });
  new CondorHost(new Cluster(app, 'condor-host'), 'condor', { ...HOST, ...props });
  try {
    app.synth();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('users', () => {
  test('have accounts at the access points, and there alone', () => {
    const { files, template } = host({ users: USERS });
    expect(files('condor-ap1')['users.passwd']).toBe('alice:x:20001:20001::/home/alice:/bin/sh\nbob-x:x:20002:20002::/home/bob-x:/bin/sh\n');
    const { spec } = template('condor-ap1');
    expect(spec.containers[0].volumeMounts).toEqual(expect.arrayContaining(['passwd', 'group'].map(file => (
      { name: 'accounts', mountPath: `/etc/${file}`, subPath: file, readOnly: true }))));
    expect(spec.volumes).toContainEqual({ name: 'accounts', emptyDir: {} });
    const script = spec.initContainers[0].command[2];
    expect(script).toContain('done </etc/condor-pool/users.passwd');
    expect(script).toContain('done </accounts/passwd');
    expect(Object.keys(files('condor-cm'))).toEqual(['condor_config', 'watch']);
    expect(JSON.stringify(template('condor-cm'))).not.toContain('accounts');
  });

  test('alone submit', () => {
    const { knob } = host({ users: USERS });
    expect(knob('condor-ap1', 'ALLOW_WRITE')).toBe('condor@password, condor@cern.ch, alice@cern.ch, bob-x@cern.ch');
    expect(knob('condor-ap1', 'ALLOW_READ')).toBe('condor@password, *@cern.ch');
    expect(knob('condor-cm', 'ALLOW_WRITE')).toBe('condor@password, *@cern.ch');
  });

  test('charge their groups', () => {
    const { files, knob } = host({ users: USERS });
    const { 'accounting-groups.map': map, condor_config: text } = files('condor-ap1');
    expect(map).toBe('# method, user, groups\n* alice ATLAS,ATLAS.production\n');
    expect(knob('condor-ap1', 'CLASSAD_USER_MAPFILE_AccountingGroups')).toBe('/etc/condor-pool/accounting-groups.map');
    expect(text).toMatch(/^JOB_TRANSFORM_AccountingGroup @=end\n( {2}\S.*\n){4}@end$/m);
    expect(knob('condor-ap1', 'JOB_TRANSFORM_NAMES')).toBe('$(JOB_TRANSFORM_NAMES) AccountingGroup');
    expect(knob('condor-ap1', 'SUBMIT_REQUIREMENT_NAMES')).toBe('AccountingGroup');
    expect(knob('condor-ap1', 'IMMUTABLE_JOB_ATTRS')).toBe('AcctGroup, AcctGroupUser, AccountingGroup');
  });

  test('a change of the list, or of a group, replaces the access points\' pods, and no others', () => {
    const digests = (users: CondorHostProps['users']) => ['condor-ap1', 'condor-cm'].map(name => host({ users }).template(name).metadata.annotations);
    const [before, after] = [digests(USERS), digests([...USERS.slice(0, 1), { ...USERS[1], accountingGroups: ['CMS'] }])];
    expect(after[0]).not.toEqual(before[0]);
    expect(after[1]).toEqual(before[1]);
  });

  test('of the image alone: nothing is added', () => {
    const { files, knob, template } = host();
    expect(Object.keys(files('condor-ap1'))).toEqual(['condor_config', 'watch']);
    expect(knob('condor-ap1', 'JOB_TRANSFORM_NAMES')).toBeUndefined();
    expect(JSON.stringify(template('condor-ap1'))).not.toContain('accounts');
  });

  test.each<[string, Partial<CondorHostProps>, string]>([
    ['a domain of their own', { users: USERS, uidDomain: 'batch.cern.ch' }, 'uidDomain: given "batch.cern.ch", allowed: with users the trustDomain, cern.ch'],
    ['none', { users: [] }, 'users: given [], allowed: at least one'],
    ['a name that no account has', { users: [{ name: 'Alice', uid: 20001 }] }, 'users[0].name: given "Alice", allowed: lower-case letters'],
    ['a name of HTCondor\'s', { users: [{ name: 'condor', uid: 20001 }] }, 'users[0].name: given "condor", allowed: a name that is not one of HTCondor'],
    ['a name of an execution point\'s token', { users: [{ name: 'startd-x', uid: 20001 }] }, 'users[0].name: given "startd-x"'],
    ['a name twice', { users: [USERS[1], { name: 'bob-x', uid: 20003 }] }, 'users[1].name: given "bob-x", allowed: a name that users[0] does not have'],
    ['an id twice', { users: [USERS[1], { name: 'eve', uid: 20002 }] }, 'users[1].uid: given 20002, allowed: an id that users[0] does not have'],
    ['root', { users: [{ name: 'eve', uid: 0 }] }, 'users[0].uid: given 0, allowed: a whole number from 1000'],
    ['nobody', { users: [{ name: 'eve', uid: 65534 }] }, 'users[0].uid: given 65534'],
    ['condor\'s id', { users: [{ name: 'eve', uid: 2000 }], image: new CondorImage({ reference: 'condor:1', version: CondorVersion.V25_0, uid: 2000 }) }, 'users[0].uid: given 2000'],
    ['a group that isn\'t there', { users: [{ ...USERS[1], accountingGroups: ['LHCb'] }] }, 'users[0].accountingGroups: given "LHCb", allowed: the pool\'s accountingGroups: ATLAS'],
    ['a group twice', { users: [{ ...USERS[1], accountingGroups: ['CMS', 'cms'] }] }, 'users[0].accountingGroups: given ["CMS","cms"], allowed: each group once'],
    ['no whole limit', { userLimits: { jobsInQueue: 0, runningJobs: 1.5 } }, 'userLimits.runningJobs: given 1.5, allowed: a whole number from 1'],
    ['limits that two would share', { users: [{ name: 'a-b', uid: 20001 }, { name: 'a_b', uid: 20002 }], userLimits: { runningJobs: 5 } }, 'userLimits.runningJobs: given "a_b", allowed: users whose names differ in more'],
    ['no whole number of jobs', { accessPoints: [{ ...HOST.accessPoints[0], maxJobsQueued: 0 }] }, 'accessPoints[0].maxJobsQueued: given 0, allowed: a whole number from 1'],
    ['a limit that is no name', { concurrencyLimits: { 'my licence': 1 } }, 'concurrencyLimits.my licence: given "my licence", allowed: a word of letters'],
    ['a limit that is a knob', { concurrencyLimits: { detected_cpus: 1 } }, 'concurrencyLimits.detected_cpus: given "detected_cpus", allowed: a word of letters'],
    ['a limit below nothing', { concurrencyLimits: { licence: -1 } }, 'concurrencyLimits.licence: given -1, allowed: a whole number from 0'],
    ['a limit of users', { concurrencyLimits: { 'User.alice': 1 } }, 'concurrencyLimits.User.alice: given "User.alice", allowed: a name that does not begin with "user"'],
  ])('refused: %s', (_, props, message) => expect(refusal(props)).toContain(message));
});

describe('tokens of other issuers', () => {
  const issued = [{ ...USERS[0], tokenSubjects: { 'https://issuer.cern.ch': '0a1b', 'https://other.example:8443/realm/': 'alice@example' } }, USERS[1]];

  test('are taken by central managers and access points, which have certificates', () => {
    const { files, knob, template } = host({ users: issued });
    for (const server of ['condor-cm', 'condor-ap1']) {
      expect(files(server)['scitokens.map']).toBe('SCITOKENS https://issuer.cern.ch,0a1b alice\nSCITOKENS https://other.example:8443/realm/,alice@example alice\n');
      expect(['READ', 'WRITE', 'DEFAULT'].map(permission => knob(server, `SEC_${permission}_AUTHENTICATION_METHODS`)))
        .toEqual(['FS, IDTOKENS, SCITOKENS', 'FS, IDTOKENS, SCITOKENS', 'FS, IDTOKENS']);
      expect(['CERTIFICATE_MAPFILE', 'AUTH_SSL_SERVER_CERTFILE', 'AUTH_SSL_SERVER_KEYFILE'].map(name => knob(server, name)))
        .toEqual(['/etc/condor-pool/scitokens.map', '/etc/condor/certificate.d/tls.crt', '/etc/condor/certificate-key.d/tls.key']);
      expect(knob(server, 'CERTIFICATE_MAPFILE_ASSUME_HASH_KEYS')).toBe('True');
      expect(knob(server, 'HOST_ALIAS')).toBe(server === 'condor-cm' ? 'condor.cern.ch' : 'ap1.cern.ch');
      const secrets = template(server).spec.volumes.filter(({ secret }: any) => secret?.secretName === `${server}-tls`);
      expect(secrets.map(({ secret }: any) => secret.items)).toEqual(['tls.crt', 'tls.key'].map(key => [{ key, path: key }]));
    }
    // copies of a certificate that is renewed are renewed
    expect(template('condor-cm').spec.containers.map(({ name }: any) => name)).toEqual(['condor', 'credentials']);
  });

  test('are asked about at their issuers', () => {
    const app = new App({ outdir: scratchDirectory() });
    const cluster = new Cluster(app, 'condor-host');
    new CondorHost(cluster, 'condor', { ...HOST, users: issued });
    const policy = Testing.synth(cluster).find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'condor-cm');
    expect(policy.spec.egress[1].ports.map(({ port }: any) => port)).toEqual([9618, 443, 8443]);
  });

  test.each<[string, { [issuer: string]: string }, string]>([
    ['an issuer without TLS', { 'http://issuer.cern.ch': 'a' }, 'users[0].tokenSubjects: given "http://issuer.cern.ch", allowed: issuers as their tokens name them (iss): an https address'],
    ['an issuer that is no address', { 'issuer.cern.ch': 'a' }, 'users[0].tokenSubjects: given "issuer.cern.ch"'],
    ['an issuer with a comma', { 'https://issuer.cern.ch/a,b': 'a' }, 'users[0].tokenSubjects: given "https://issuer.cern.ch/a,b"'],
    ['a subject of two words', { 'https://issuer.cern.ch': 'a b' }, 'users[0].tokenSubjects.https://issuer.cern.ch: given "a b", allowed: a subject (sub)'],
  ])('refused: %s', (_, tokenSubjects, message) => expect(refusal({ users: [{ ...USERS[0], tokenSubjects }] })).toContain(message));

  test('refused: one subject for two users', () => {
    const tokenSubjects = { 'https://issuer.cern.ch': 'a' };
    expect(refusal({ users: USERS.map(user => ({ ...user, tokenSubjects })) }))
      .toContain('users[1].tokenSubjects.https://issuer.cern.ch: given "a", allowed: a subject that alice does not have');
  });
});

describe('limits', () => {
  test('of a user, and of the queue', () => {
    const { knob, files } = host({
      accessPoints: [{ ...HOST.accessPoints[0], maxJobsQueued: 5000 }],
      userLimits: { jobsInQueue: 1000, jobsPerSubmission: 100, runningJobs: 50, schedulerJobs: 2 },
    });
    expect(['MAX_JOBS_SUBMITTED', 'MAX_JOBS_PER_OWNER', 'MAX_JOBS_PER_SUBMISSION', 'MAX_RUNNING_SCHEDULER_JOBS_PER_OWNER'].map(name => knob('condor-ap1', name)))
      .toEqual(['5000', '1000', '100', '2']);
    expect(knob('condor-cm', 'CONCURRENCY_LIMIT_DEFAULT_USER')).toBe('50');
    expect(knob('condor-ap1', 'IMMUTABLE_JOB_ATTRS')).toBe('ConcurrencyLimits');
    expect(files('condor-ap1').condor_config).toMatch(/^JOB_TRANSFORM_RunningJobs @=end$/m);
    expect(host({ users: USERS, userLimits: { runningJobs: 50 } }).files('condor-ap1').condor_config.match(/^JOB_TRANSFORM_NAMES .*$/mg))
      .toEqual(['AccountingGroup', 'RunningJobs'].map(name => expect.stringMatching(new RegExp(` = \\$\\(JOB_TRANSFORM_NAMES\\) ${name}$`))));
  });

  test('of something that running jobs use', () => {
    const { knob } = host({ concurrencyLimits: { 'licence': 10, 'oracle.conditions': 200 } });
    expect(knob('condor-cm', 'LICENCE_LIMIT')).toBe('10');
    expect(knob('condor-cm', 'ORACLE\\.CONDITIONS_LIMIT')).toBe('200');
    expect(knob('condor-ap1', 'LICENCE_LIMIT')).toBeUndefined();
  });
});

describe('the users of slots', () => {
  const pool = CondorPool.fromAttributes({ collectors: ['cm.example.org'], trustDomain: 'example.org', image: CondorImage.debian() });
  const image = (slotUsers: number) => new CondorImage({ reference: 'condor:1', version: CondorVersion.V25_0, slotUserPattern: 'job%d', slotUsers });

  function fleet(props: Partial<StartdFleetProps>) {
    const chart = new Chart(Testing.app(), 'site');
    new StartdFleet(chart, 'workers', { pool, ...props });
    const objects = Testing.synth(chart);
    const { data } = objects.find(({ kind }) => kind === 'ConfigMap');
    return {
      files: data as { [file: string]: string },
      knob: (knob: string) => new RegExp(`^${knob} += ?(.*)$`, 'm').exec(data.condor_config)?.[1],
      pod: objects.find(({ kind }) => kind === 'DaemonSet').spec.template.spec,
    };
  }

  test('a machine takes no more jobs than it has users for', () => {
    expect(fleet({ cpus: 64, memory: Size.gibibytes(64) }).knob('START')).toBe('True');
    expect(fleet({ cpus: 65, memory: Size.gibibytes(64) }).knob('START')).toBe('True && ((NumDynamicSlots ?: 0) < 64)');
    expect(fleet({}).knob('START')).toBe('True && ((NumDynamicSlots ?: 0) < 64)');
    expect(fleet({ start: ClassAdExpression.parse('A || B') }).knob('START')).toBe('(A || B) && ((NumDynamicSlots ?: 0) < 64)');
    expect(fleet({ cpus: 40, slots: [{ share: 0.5, count: 2 }] }).knob('START')).toBe('True && ((NumDynamicSlots ?: 0) < 32)');
    expect(fleet({}).knob('NOBODY_SLOT_USER')).toBe('no-slot-user-is-left');
  });

  test('a member with more cores counts', () => {
    const app = Testing.app();
    const federation = new Federation(app, 'fed', { host: new Cluster(app, 'host') });
    const member = new FederatedCluster(app, 'tsystems', { federation });
    const startd = new StartdFleet(federation, 'startd', { pool, cpus: 8, memory: Size.gibibytes(8) });
    const config = () => Testing.synth(member).find(({ kind }) => kind === 'ConfigMap').data;
    expect(config().condor_config).toMatch(/^START += True$/m);
    startd.on(member, { cpus: 128, start: ClassAdExpression.target('Owner').is('alice') });
    expect(config().condor_config).toMatch(/^START += True && /m);
    expect(config()['50-member.conf']).toMatch(/^START += \(TARGET\.Owner =\?= "alice"\) && \(\(NumDynamicSlots \?: 0\) < 64\)$/m);
  });

  test('what they leave is removed before the next job', () => {
    const { files, pod } = fleet({});
    expect(files['slot-user-cleanup']).toMatch(/^#!\/bin\/sh\n/);
    // with the pod and not with the configuration, which changes in pods that don't have the program yet
    expect(files.condor_config).not.toContain('HOOK');
    expect(pod.containers[0].env).toEqual(expect.arrayContaining([
      { name: '_CONDOR_STARTER_JOB_HOOK_KEYWORD', value: 'SLOT_USER' },
      { name: '_CONDOR_SLOT_USER_HOOK_PREPARE_JOB_BEFORE_TRANSFER', value: '/etc/condor/hooks.d/slot-user-cleanup' },
    ]));
    expect(pod.volumes).toContainEqual({ name: 'cleanup', configMap: { name: 'workers', defaultMode: 0o555, items: [{ key: 'slot-user-cleanup', path: 'slot-user-cleanup' }] } });
    expect(pod.containers[0].volumeMounts).toContainEqual({ name: 'cleanup', mountPath: '/etc/condor/hooks.d/slot-user-cleanup', subPath: 'slot-user-cleanup', readOnly: true });
    // without root there is one user, HTCondor's own
    const rootless = fleet({ rootless: true, acceptJobsReadToken: true });
    expect(rootless.files['slot-user-cleanup']).toBeUndefined();
    expect(JSON.stringify(rootless.pod)).not.toMatch(/cleanup|HOOK/);
  });

  test('an image without any is refused, unless jobs may share one', () => {
    const synth = (props: Partial<StartdFleetProps>) => {
      const app = new App({ outdir: scratchDirectory() });
      new StartdFleet(new Chart(app, 'site'), 'workers', { pool, ...props });
      return () => app.synth();
    };
    expect(synth({ image: image(0) })).toThrow(/image\.slotUsers: given 0, allowed: users for the jobs, one for each; or acceptJobsShareUser/);
    expect(synth({ image: image(0), acceptJobsShareUser: true })).not.toThrow();
    expect(fleet({ image: image(0), acceptJobsShareUser: true }).knob('NOBODY_SLOT_USER')).toBeUndefined();
    expect(synth({ image: image(2), slots: [{ share: 0.2, count: 2 }, { share: 0.2, partitionable: false }] })).toThrow(/image\.slotUsers: given 2, allowed: at least 3/);
  });
});
