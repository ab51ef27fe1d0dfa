import { App, Duration, Size } from 'cdk8s';
import {
  AccountingGroup, ApplyPlan, Cluster, CondorHost, CondorImage, FederatedCluster, Federation, FirewallRules, RunMode, StartdFleet, StartdLiveness,
} from 'cdk8s-hep';

// CERN's batch pool, spanning CERN's own capacity and a public cloud.
const app = new App();

const host = new Cluster(app, 'condor-host', { provider: 'cern', region: 'meyrin' });
const fed = new Federation(app, 'fed', { host }); // kubefed init
const meyrin = new FederatedCluster(app, 'meyrin', { federation: fed, provider: 'cern', region: 'meyrin' });
const tsystems = new FederatedCluster(app, 'tsystems', { federation: fed, provider: 't-systems', region: 'eu-de' }); // kubefed join

const image = CondorImage.debian();

const condor = new CondorHost(host, 'condor', {
  trustDomain: 'cern.ch',
  centralManagers: [{ address: 'condor.cern.ch' }],
  accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
  accountingGroups: [AccountingGroup.share('ATLAS', 0.6), AccountingGroup.share('CMS', 0.4)],
  image,
});

// One startd on every node of every member, as the talk runs it.
const startd = new StartdFleet(fed, 'startd', {
  pool: condor,
  runMode: RunMode.CONDOR_STARTD,
  liveness: StartdLiveness.CONDOR_WHO,
  hostNetwork: true,
  privileged: true,
  cpus: 8,
  memory: Size.mebibytes(22500),
  attributes: { CERNEnvironment: 'production', HasMPI: true },
  maxJobRetirement: Duration.hours(24),
});
startd.on(meyrin, { attributes: { Datacenter: 'meyrin' } });
startd.on(tsystems, { attributes: { Datacenter: 'otc-eu-de' } });

app.synth();
process.stdout.write(`${ApplyPlan.of(app)}\n\nFirewalls on the way must let pass:\n${FirewallRules.of(app)}\n`);
