import { Testing } from 'cdk8s';
import {
  Cluster, CondorHost, CondorImage, CondorVersion, FederatedCluster, Federation, FirewallRules, PoolPreflight, ServiceExposure, StartdFleet,
} from '../../src';

const image = (version: string) => new CondorImage({
  reference: `registry.example/htcondor:${version}`, version: CondorVersion.of(version), slotUserPattern: 'slot1_%d', slotUsers: 64,
});

/** A pool whose access point nobody reaches from outside, and machines in a member that nobody reaches either. */
function bothPrivate(pools: string, machines = pools, address = 'condor-ap1.condor.svc') {
  const app = Testing.app();
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  new FederatedCluster(app, 'tsystems', { federation });
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch',
    centralManagers: [{ address: 'condor.cern.ch' }],
    accessPoints: [{ name: 'ap1', address, exposure: ServiceExposure.clusterInternal() }],
    image: image(pools),
  });
  const fleet = new StartdFleet(federation, 'startd', { pool, image: image(machines) });
  return { app, federation, host, pool, fleet };
}

const configuration = (host: Cluster, name: string): string => Testing.synth(host).find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name).data.condor_config;

describe('an access point and machines that both nobody reaches', () => {
  test.each([
    ['23.9.6', '23.9.6', 'not 23.9.6'], ['25.0.0', '25.0.0', 'not 25.0.0'], ['25.12.1', '25.13.2', 'not 25.12.1'], ['25.13.2', '25.0.0', 'not 25.0.0'],
  ])('are refused where the pool has %s and machines have %s', (pools, machines, found) => {
    expect(() => bothPrivate(pools, machines).app.synth()).toThrow(`HTCondor 25.13 or later in all images, ${found}: before, its connection broker joins no two sides`);
  });

  test('are joined by the connection broker from 25.13 on: nobody dials the access point', () => {
    const { app, federation, host, pool, fleet } = bothPrivate('25.13.2');
    new PoolPreflight(federation, 'preflight', { fleet });
    expect(() => app.synth()).not.toThrow();
    // the member's token is good at the member's own collector
    expect(/^CCB_ADDRESS += (.*)$/m.exec(configuration(host, 'condor-ap1'))![1]).toBe('condor.cern.ch:9618, condor.cern.ch:9618?sock=collector-tsystems');
    expect(configuration(host, 'condor-cm')).not.toContain('CCB_ADDRESS');
    expect(pool.reachableFromOutside).toBe(true);
    expect(pool.accessPoints).toEqual([]);
    expect(FirewallRules.of(app).rules.filter(({ to }) => to !== undefined).map(({ from, address }) => [from, address])).toEqual([['tsystems', 'condor.cern.ch']]);
  });

  test('need a central manager that both reach', () => {
    const app = Testing.app();
    const host = new Cluster(app, 'condor-host');
    const federation = new Federation(app, 'fed', { host });
    new FederatedCluster(app, 'tsystems', { federation });
    const exposure = ServiceExposure.clusterInternal();
    const pool = new CondorHost(host, 'condor', {
      trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch', exposure }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch', exposure }], image: image('25.13.2'),
    });
    new StartdFleet(federation, 'startd', { pool });
    expect(() => app.synth()).toThrow('allowed: a pool whose central managers and access points have addresses that other clusters resolve');
  });

  test('an access point that is reached is called, with every version', () => {
    const { host, pool } = (() => {
      const cluster = new Cluster(Testing.app(), 'condor-host');
      const reached = new CondorHost(cluster, 'condor', {
        trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }], image: image('25.13.2'),
      });
      return { host: cluster, pool: reached };
    })();
    expect(pool.accessPoints).toEqual(['ap1.cern.ch:9618']);
    expect(configuration(host, 'condor-ap1')).not.toContain('CCB_ADDRESS');
  });
});
