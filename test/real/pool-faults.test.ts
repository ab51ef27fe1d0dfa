import type { Job } from './condor-tools';
import { federatedPool, PLACES } from './federated-pool';
import { parseManifests } from './manifest';
import type { Pod } from './pod';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { until } from './until';

describeReal('a pool of four members', () => {
  let pool: Pool;

  beforeAll(async () => {
    pool = await Pool.start(federatedPool, PLACES);
    await until('all machines are in the pool', async () => (await pool.machines()).length === 4);
  });
  afterAll(() => pool?.close());

  const sleepers = (seconds: number, count: number, requirements: string) => `
executable = /bin/sleep
arguments = ${seconds}
transfer_executable = false
should_transfer_files = YES
output = out.$(Cluster).$(Process)
request_cpus = 1
request_memory = 100
request_disk = 1
requirements = ${requirements}
queue ${count}
`;

  test('equal nodes and equal addresses in two members are two machines', async () => {
    const ads = await Promise.all(['left', 'right'].map(member => pool.ad('-const', `Name == "slot1@node-1@startd.${member}"`)));
    const addresses = ['left', 'right'].map(member => pool.executionPoint(member).address);
    expect(addresses[0]).toBe(addresses[1]);
    expect(ads.map(({ TotalCpus }) => TotalCpus)).toEqual([6, 6]);
    // they go on beside each other, update after update
    const heard = async () => pool.status('-const', 'PartitionableSlot && regexp("node-1@startd", Name)', '-af', 'Name', 'UpdatesSequenced');
    const first = await heard();
    await until('both have been updated', async () => {
      const [before, now] = [first, await heard()].map(text => text.trim().split('\n').map(line => Number(line.split(' ')[1])));
      return now.length === 2 && now.every((count, index) => count > before[index]);
    });
  });

  test('a machine offers what is stated, or what its node can allocate', async () => {
    expect(await pool.ad('-const', 'Name == "slot1@otc-1@startd.tsystems"')).toMatchObject({ TotalCpus: 8, TotalMemory: 8000 });
    expect(await pool.ad('-const', 'Name == "slot1@node-1@bare.meyrin"')).toMatchObject({ TotalCpus: 8, TotalMemory: 23000 - 512 });
  });

  test.each([['a master', 'cloud'], ['a bare startd', 'meyrin']])('jobs run under %s', async (_, site) => {
    const id = await pool.submit(sleepers(1, 2, `Datacenter == "${site}"`));
    await pool.finished(id);
    expect((await pool.jobs(id)).map(({ NumJobStarts }) => NumJobStarts)).toEqual([1, 1]);
  });

  test('the slot of a job that is done counts for nobody soon after', async () => {
    const used = async () => (await pool.priorityUse()).split('\n').filter(line => line.startsWith('submitter@')).map(line => Number(line.split(' ')[1]));
    // half the lifetime of an ad, and some cycles of the negotiator
    await until('nothing is in use', async () => (await used()).every(cores => cores === 0), 90);
    expect(await used()).toEqual([0]);
  });

  test('the configurations have no knob that HTCondor does not know', async () => {
    const roles: [Pod, string, string[]][] = [
      [pool.centralManager, 'condor-host', ['-master', '-collector', '-negotiator']],
      [pool.accessPoint, 'condor-host', ['-master', '-schedd']],
      [pool.executionPoint('tsystems'), 'tsystems', ['-master', '-startd']],
      [pool.executionPoint('meyrin'), 'meyrin', ['-startd']],
    ];
    for (const [pod, cluster, daemons] of roles) {
      const ask = async (...args: string[]) => (await pod.exec(undefined, ['condor_config_val', ...args], { timeout: 60 })).stdout;
      const names = (dump: string) => dump.split('\n').map(line => /^([\w.]+) =/.exec(line)?.[1].toUpperCase()).filter(name => name !== undefined);
      const known = new Set(names(await ask('-dump', '-default')));
      for (const daemon of daemons) { names(await ask(daemon, '-dump', '-used')).forEach(name => known.add(name)); }
      expect(known.size).toBeGreaterThan(500);
      expect(known.has('NO_SUCH_KNOB')).toBe(false);

      const config = parseManifests(pool.files[cluster]).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === pod.workload.metadata.name)!;
      const written = names(Object.values(config.data as { [file: string]: string }).join('\n'));
      // attributes of the machine are knobs of the site's own; the collectors of members are asked by their own names below
      const own = [...(await ask('STARTD_ATTRS')).trim().toUpperCase().split(/[ ,]+/)];
      const unknown = written.filter(name => !known.has(name) && !known.has(name.replace(/^MEMBER_[A-Z]+_COLLECTOR\./, '')) && !own.includes(name) && !/^MEMBER_[A-Z]+_COLLECTOR(_ARGS)?$/.test(name));
      expect({ pod: pod.name, unknown }).toEqual({ pod: pod.name, unknown: [] });
    }
    // what is written for the collector of a member has arrived there
    for (const member of ['meyrin', 'tsystems', 'left', 'right']) {
      expect((await pool.status('-pool', `condor.cern.ch:9618?sock=collector-${member}`, '-const', 'PartitionableSlot', '-af', 'Name')).trim()).toMatch(new RegExp(`^slot1@[^\\n]*\\.${member}$`));
    }
  });

  describe.each([['a master', 'tsystems'], ['a bare startd', 'meyrin']])('liveness under %s', (_, member) => {
    const alive = async () => (await pool.executionPoint(member).probe('liveness')).status === 0;

    test('does not depend on names, the link or the collector', async () => {
      expect(await alive()).toBe(true);
      pool.lab.network.names.die();
      await pool.sites[member].cut();
      try {
        expect(await alive()).toBe(true);
        // also after the daemons have found out
        await new Promise(resolve => setTimeout(resolve, 20_000));
        expect(await alive()).toBe(true);
      } finally {
        await pool.sites[member].mend();
        pool.lab.network.names.revive();
      }
      pool.centralManager.kill('SIGSTOP', 'condor_collector');
      try {
        expect(await alive()).toBe(true);
      } finally {
        pool.centralManager.kill('SIGCONT', 'condor_collector');
      }
    });

    test('fails when the startd is stopped, and passes when it goes on', async () => {
      pool.executionPoint(member).kill('SIGSTOP', 'condor_startd');
      const stopped = await pool.executionPoint(member).probe('liveness');
      pool.executionPoint(member).kill('SIGCONT', 'condor_startd');
      expect(stopped.status).not.toBe(0);
      await until('the startd answers again', alive);
    });
  });

  test('liveness fails when the startd is dead, until the master has started it again', async () => {
    const point = pool.executionPoint('tsystems');
    expect(point.kill('SIGKILL', 'condor_startd')).toBe(1);
    expect((await point.probe('liveness')).status).not.toBe(0);
    await until('the master has started the startd again', async () => (await point.probe('liveness')).status === 0);
  });

  test('a bare startd that dies ends its container', async () => {
    const point = pool.executionPoint('meyrin');
    point.kill('SIGKILL', 'condor_startd');
    await until('the container is gone', async () => !point.container().running);
    await point.restart();
    await until('the startd answers again', async () => (await point.probe('liveness')).status === 0);
  });

  test('kill -9 of the schedd with 20 jobs running and 20 idle, and a start as a new pod with a new address', async () => {
    await until('all machines are in the pool', async () => (await pool.machines()).length === 4);
    const id = await pool.submit(sleepers(150, 40, 'Datacenter == "cloud"'));
    const states = async () => {
      const jobs = await pool.jobs(id);
      const inState = (state: number) => jobs.filter(({ JobStatus }) => JobStatus === state);
      return { idle: inState(1), running: inState(2), done: inState(4) };
    };
    const placed = (jobs: Job[]) => Object.fromEntries(jobs.map(({ ProcId, RemoteHost }) => [ProcId, RemoteHost]));
    // a start is counted when the shadow next writes to the queue
    await until('20 jobs run', async () => {
      const { running } = await states();
      return running.length === 20 && running.every(({ NumJobStarts }) => NumJobStarts === 1);
    });
    const before = await states();
    expect(before.idle).toHaveLength(20);
    // the schedd keeps such counts to itself until something that matters makes it write: a user's edit does
    await pool.asUser(['condor_qedit', id, 'Remark', '"written"']);
    const factors = await pool.priorityFactors();

    const former = pool.accessPoint;
    expect(former.kill('SIGKILL', 'condor_schedd')).toBe(1);
    const successor = await pool.clusters['condor-host'].replace(former, { grace: 0 });
    expect(successor.address).not.toBe(former.address);
    await until('the schedd answers', async () => (await pool.jobs(id)).length === 40);

    const after = await states();
    expect(placed(after.running)).toEqual(placed(before.running));
    expect(await pool.priorityFactors()).toEqual(factors);

    await until('the jobs that ran are done', async () => {
      const { done } = await states();
      return Object.keys(placed(before.running)).every(proc => done.some(({ ProcId }) => `${ProcId}` === proc));
    });
    const first = (await pool.jobs(id)).filter(({ ProcId }) => `${ProcId}` in placed(before.running));
    expect(first.map(({ NumJobStarts }) => NumJobStarts)).toEqual(Array(20).fill(1));
  });

  test('what a user keeps at home outlives the pod', async () => {
    await pool.asUser(['sh', '-c', 'cat >kept'], 'kept\n');
    await pool.clusters['condor-host'].replace(pool.accessPoint);
    expect(await pool.asUser(['cat', '/home/submitter/kept'])).toBe('kept\n');
    expect((await pool.asUser(['stat', '-c', '%U %a', '/home/submitter'])).trim()).toBe('submitter 700');
  });

  test('a central manager that starts as a new pod keeps the priorities, and finds its machines again', async () => {
    const usage = await pool.usage();
    expect(usage).toContain('submitter@cern.ch');
    const former = pool.centralManager;
    const successor = await pool.clusters['condor-host'].replace(former);
    expect(successor.address).not.toBe(former.address);
    await until('all machines are in the pool', async () => (await pool.machines()).length === 4);
    const [before, after] = [usage, await pool.usage()].map(text => Number(/submitter@cern\.ch (\S+)/.exec(text)![1]));
    expect(after).toBeGreaterThanOrEqual(before);
    const id = await pool.submit(sleepers(1, 1, 'Datacenter == "meyrin"'));
    await pool.finished(id);
  });
});
