import { ApiObject, Duration, JsonPatch, Size } from 'cdk8s';
import type { CommandResult } from './command';
import { places } from './places';
import type { Pool } from './pool';
import { quickPool } from './quick-pool';
import { AccountingGroup, CondorImage, CondorVersion, PoolUser, StartdFleet } from '../../src';

/** How many jobs one user may have. */
export const QUEUED = 12;
export const SUBMITTED = 10;
export const RUNNING = 3;
/** How many jobs all users may have together: three of them all that they may. */
export const ALL_QUEUED = 3 * QUEUED;
/** How many licences the pool has. */
export const LICENCES = 2;
/** How many users the machine of the fleet `crowded` has for its jobs, and how many cores. */
export const SLOT_USERS = 4;
export const CORES = 6;

/** Users by name, with their ids at the access point and what they may charge. */
export const USERS: PoolUser[] = [
  { name: 'alice', uid: 20001, accountingGroups: ['ATLAS', 'ATLAS.production'], tokenSubjects: { 'https://issuer.cern.ch': '0a1b-alice@cern.ch' } },
  { name: 'bob', uid: 20002, accountingGroups: ['CMS'] },
  { name: 'carol-ann', uid: 20003 },
  { name: 'erin', uid: 20005 },
];

/** The Secret that holds the certificate of whoever signed the issuer's. */
export const AUTHORITIES = 'authorities';

/** Where its clusters stand. */
export const PLACES = places(['tsystems'], { allocatable: { cpu: '32', memory: '32000Mi' } });

/** A pool of these users. */
export function usersPool(users: PoolUser[], outdir: string): void {
  const { app, federation, pool } = quickPool(outdir, { tsystems: {} }, {
    accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch', maxJobsQueued: ALL_QUEUED }],
    accountingGroups: [
      AccountingGroup.share('ATLAS', 0.6, { acceptSurplus: true }), AccountingGroup.share('ATLAS.production', 0.5, { acceptSurplus: true }),
      AccountingGroup.share('CMS', 0.4, { acceptSurplus: true }),
    ],
    users,
    userLimits: { jobsInQueue: QUEUED, jobsPerSubmission: SUBMITTED, runningJobs: RUNNING, schedulerJobs: 1 },
    concurrencyLimits: { licence: LICENCES },
  });
  // the image trusts the authorities of the world, and the issuer's is none of them
  for (const server of pool.node.findAll().filter(ApiObject.isApiObject).filter(({ kind }) => kind === 'StatefulSet')) {
    server.addJsonPatch(
      JsonPatch.add('/spec/template/spec/volumes/-', { name: AUTHORITIES, secret: { secretName: AUTHORITIES } }),
      JsonPatch.add('/spec/template/spec/containers/0/volumeMounts/-', {
        name: AUTHORITIES, mountPath: '/etc/ssl/certs/ca-certificates.crt', subPath: 'ca.crt', readOnly: true,
      }),
    );
  }
  const fleet = { pool, memory: Size.mebibytes(8000), claimWorklife: Duration.seconds(0), updateInterval: Duration.seconds(10) };
  new StartdFleet(federation, 'startd', { ...fleet, cpus: 8, attributes: { Crowded: false } });
  new StartdFleet(federation, 'crowded', {
    ...fleet,
    cpus: CORES,
    attributes: { Crowded: true },
    image: new CondorImage({ reference: CondorImage.debian().reference, version: CondorVersion.V23_9, slotUserPattern: 'slot1_%d', slotUsers: SLOT_USERS }),
  });
  app.synth();
}

/**
 * Somebody outside of the host's cluster, with HTCondor's tools, a token, and nothing of the pool's configuration but the name of its
 * central manager. What he is called and his uid there are nobody's at the access point. HTCondor looks for its files where the
 * password file says that he is at home, and that is nowhere in this pod: so the environment says what is in them.
 */
export class Outsider {
  /** @param name what the token says, without the domain */
  public static async of(pool: Pool, name: string): Promise<Outsider> {
    const outsider = new Outsider(pool, name);
    await outsider.sh('umask 077; mkdir -p .condor/tokens.d; cat >.condor/tokens.d/token', await pool.token(`${name}@cern.ch`, 'READ', 'WRITE'));
    return outsider;
  }

  private constructor(private readonly pool: Pool, private readonly name: string) {}

  /** Gives him a token of another issuer instead, and the certificate of whom he trusts. */
  public async takes(token: string, authority: string): Promise<void> {
    await this.sh('umask 077; rm -r .condor/tokens.d; cat >bearer-token', token);
    await this.sh('cat >authority.crt', authority);
  }

  /** Runs a command at home. */
  public run(argv: string[], input?: string): Promise<CommandResult> {
    const home = `/tmp/home-${this.name}`;
    const outside = this.pool.clusters.tsystems.pods.find(({ workload }) => workload.metadata.name === 'startd')!;
    return outside.exec(undefined, ['sh', '-c', `mkdir -p ${home}; cd ${home}; export HOME=${home}; exec "$@"`, 'sh', ...argv], {
      user: 'submitter', env: { CONDOR_CONFIG: '/dev/null', _CONDOR_COLLECTOR_HOST: 'condor.cern.ch', _CONDOR_SEC_TOKEN_DIRECTORY: `${home}/.condor/tokens.d`, BEARER_TOKEN_FILE: `${home}/bearer-token`, _CONDOR_AUTH_SSL_CLIENT_CAFILE: `${home}/authority.crt` }, input, timeout: 120,
    });
  }

  /** Runs a command that must succeed, and gives what it wrote. */
  public async sh(script: string, input?: string): Promise<string> {
    const { status, stdout, stderr } = await this.run(['sh', '-c', script], input);
    if (status !== 0) { throw new Error(`${this.name}: ${script}: ${status}\n${stderr}${stdout}`); }
    return stdout;
  }

  /** Submits jobs, with more lines of the description if there are any. */
  public submit(command: string, count: number, ...lines: string[]): Promise<CommandResult> {
    const description = [
      'executable = /bin/sh', 'transfer_executable = false', `arguments = "-c '${command}'"`, 'should_transfer_files = YES', 'output = out.$(Cluster).$(Process)',
      'error = err.$(Cluster).$(Process)', 'request_cpus = 1', 'request_memory = 10', 'request_disk = 1', ...lines, `queue ${count}`, '',
    ].join('\n');
    return this.run(['sh', '-c', 'cat >job.sub && condor_submit -terse -remote ap1@cern.ch job.sub'], description);
  }

  /** Submits jobs that must be taken; gives the cluster's id. */
  public async submitted(command: string, count: number, ...lines: string[]): Promise<string> {
    let submission = await this.submit(command, count, ...lines);
    // jobs that have left the queue count for up to a minute longer
    for (const end = Date.now() + 120_000; /MAX_JOBS_PER_OWNER/.test(submission.stderr) && Date.now() < end;) {
      await new Promise(resolve => setTimeout(resolve, 3000));
      submission = await this.submit(command, count, ...lines);
    }
    const [, id] = /^(\d+)\./m.exec(submission.stdout) ?? [];
    if (!id) { throw new Error(`${this.name}: ${submission.stderr}${submission.stdout}`); }
    return id;
  }

  /** Does something with jobs at the access point. */
  public jobs(tool: string, ...args: string[]): Promise<CommandResult> {
    return this.run([tool, '-name', 'ap1@cern.ch', ...args]);
  }
}
