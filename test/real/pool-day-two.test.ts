import * as fs from 'fs';
import * as path from 'path';
import { apply, dayTwoPool, digests, doneOnce, followed, PLACES, running, work } from './day-two-pool';
import { Pool } from './pool';
import { describeReal } from './requirements';
import { until } from './until';

const HOST = 'condor-host';
const SERVERS = ['condor-cm', 'condor-ap1'];

describeReal('day two', () => {
  let pool: Pool;
  let steady: string;
  const said = async (pod: { exec: Pool['centralManager']['exec'] }, ...argv: string[]) => (await pod.exec(undefined, argv, { timeout: 60 })).stdout;
  /** When the master of a pod and its daemons were started; they fork others to answer questions. */
  const daemons = async (pod: Pool['centralManager']) => (await said(pod, 'ps', '-eo', 'ppid,pid,lstart,comm')).split('\n')
    .filter(line => /^ *[01] .* condor_(master|coll|nego|sched|startd)/.test(line));

  beforeAll(async () => {
    pool = await Pool.start(dayTwoPool(), PLACES);
    await until('the machines are in the pool', async () => (await pool.machines()).length === 2);
    steady = await work(pool, 'meyrin', 120, 2);
    await running(pool, steady);
  });
  afterAll(() => pool?.close());

  test('quotas, intervals, START and a new cluster are there without a restart', async () => {
    const pods = Object.values(pool.clusters).flatMap(cluster => cluster.pods);
    const before = await Promise.all(pods.map(daemons));
    const waiting = await work(pool, 'tsystems', 1);
    expect(await apply(pool, { atlas: 0.3, interval: 7, closed: true, another: 'wigner' }, HOST, 'meyrin', 'tsystems')).toEqual([]);
    await followed(pool);

    await until('the negotiator knows it', async () => /^ATLAS +\S+ +0\.30 /m.test(await said(pool.centralManager, 'condor_userprio', '-quotas', '-allusers')));
    expect((await said(pool.centralManager, 'condor_config_val', '-negotiator', 'NEGOTIATOR_INTERVAL')).trim()).toBe('7');
    await until('T-Systems is closed', async () => (await pool.status('-const', 'PartitionableSlot && regexp("tsystems$", Name)', '-af', 'Start')).trim() === 'false');
    expect((await pool.status('-const', 'PartitionableSlot && regexp("meyrin$", Name)', '-af', 'Start')).trim()).toBe('true');
    await until('the collector of the new cluster answers', async () => {
      const { status } = await pool.centralManager.exec(undefined, ['condor_status', '-pool', 'condor.cern.ch:9618?sock=collector-wigner', '-any'], { timeout: 20 });
      return status === 0;
    });
    expect((await pool.jobs(waiting)).map(({ JobStatus }) => JobStatus)).toEqual([1]);

    // and open again, without the other cluster
    expect(await apply(pool, {}, HOST, 'meyrin', 'tsystems')).toEqual([]);
    await followed(pool);
    await doneOnce(pool, waiting, 'tsystems');
    await until('no daemon is another', async () => JSON.stringify(await Promise.all(pods.map(daemons))) === JSON.stringify(before));
  });

  test('a configuration that HTCondor can not read is not taken', async () => {
    const master = pool.centralManager;
    const [before, { read }] = [await daemons(master), await digests(pool)];
    const { data } = pool.clusters[HOST].manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'condor-cm')!;
    pool.clusters[HOST].setConfigMap('condor/condor-cm', { ...data, condor_config: `${data.condor_config}use ROLE : NoSuchRole\n` });
    // three looks
    await new Promise(resolve => setTimeout(resolve, 15_000));
    expect((await master.exec(undefined, ['condor_config_val', 'DAEMON_LIST'])).status).not.toBe(0);
    pool.clusters[HOST].setConfigMap('condor/condor-cm', data);
    expect(await daemons(master)).toEqual(before);
    expect((await digests(pool)).read).toEqual(read);
  });

  test('what takes a restart waits for the pod: one member first, and its jobs end before', async () => {
    const id = await work(pool, 'tsystems', 20, 2);
    await running(pool, id);
    expect(await apply(pool, { slots: 2 }, 'tsystems')).toEqual([]);
    await followed(pool);
    // it has read it, and its slots are what they were
    expect((await pool.machines()).filter(name => name.includes('tsystems'))).toEqual(['slot1@otc-1@startd.tsystems']);

    const point = pool.executionPoint('tsystems');
    const { '0': template } = pool.clusters.tsystems.manifests.filter(({ kind }) => kind === 'DaemonSet').map(({ spec }) => spec.template);
    expect(template.metadata.annotations).not.toEqual(point.workload.spec.template.metadata.annotations);
    // all its time is the jobs', and it goes when they have
    expect(await pool.clusters.tsystems.delete(point)).toBe(true);
    await doneOnce(pool, id, 'tsystems');
    await pool.clusters.tsystems.start('startd');
    await until('its machine has two slots', async () => (await pool.machines()).filter(name => name.includes('tsystems')).length === 2);
    expect((await pool.machines()).filter(name => name.includes('meyrin'))).toEqual(['slot1@node-1@startd.meyrin']);
    await doneOnce(pool, await work(pool, 'tsystems', 1), 'tsystems');
  });

  test('the volumes are lost: queue, spooled files, history and accounting are back, and a running job goes on', async () => {
    await doneOnce(pool, steady, 'meyrin');
    const idle = await work(pool, 'nowhere', 1);
    const spare = await work(pool, 'meyrin', 120);
    await running(pool, spare);
    const removed = await work(pool, 'nowhere', 1);
    await pool.asUser(['condor_rm', removed]);
    await until('the removed job is history', async () => (await pool.asUser(['condor_history', removed, '-af', 'ClusterId'])).trim() === removed);
    const usageOf = async () => Number(/submitter@cern\.ch (\S+)/.exec(await pool.usage())?.[1] ?? 0);
    await until('usage is written', async () => await usageOf() > 0);
    const usage = await usageOf();

    for (const server of SERVERS) {
      const { status, log } = await pool.clusters[HOST].runJob(`backup-${server}`);
      expect({ server, status, log }).toEqual({ server, status: 0, log: expect.stringMatching(/^-rw.* [\d.TZ-]+\.tar\n$/m) });
    }

    for (const server of SERVERS) {
      const pod = pool.clusters[HOST].pod(`${server}-0`);
      await pool.clusters[HOST].delete(pod, { grace: 0 });
      const spool = pool.clusters[HOST].claim('condor', `spool-${server}-0`);
      for (const entry of fs.readdirSync(spool)) { fs.rmSync(path.join(spool, entry), { recursive: true }); }
      const { status, log } = await pool.clusters[HOST].runJob(`backup-${server}-restore`);
      expect({ server, status, log }).toEqual({ server, status: 0, log: expect.stringMatching(/^restored .*\.tar; what was there before is in before-restore-.*\.tar\n$/m) });
      // a copy may end in the middle of what was being written
      if (server === 'condor-ap1') { fs.appendFileSync(path.join(spool, 'job_queue.log'), `105\n103 ${idle}.0 Remark "hal`); }
      await pool.clusters[HOST].startPod(pod.workload, pod.name, pod.node);
    }
    await until('the queue is there', async () => (await pool.jobs(spare)).length === 1);
    expect((await pool.jobs(idle)).map(({ JobStatus }) => JobStatus)).toEqual([1]);
    expect((await pool.asUser(['condor_history', removed, '-af', 'ClusterId'])).trim()).toBe(removed);
    await until('accounting is there', async () => await usageOf() > 0);
    expect(await usageOf()).toBeGreaterThanOrEqual(usage);

    await pool.asUser(['condor_qedit', idle, 'Requirements', 'regexp("[.]meyrin$", TARGET.Name)']);
    await pool.finished(idle);
    expect(await pool.output(idle, `out.${idle}.0`)).toBe('given to nowhere\n');
    // its one start was before
    await doneOnce(pool, spare, 'meyrin');
  });
});
