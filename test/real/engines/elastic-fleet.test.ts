import { App, Duration, Size } from 'cdk8s';
import { differences } from './differences';
import { Judge } from './judge';
import { Files, Held, judgedEngines } from './judged-engines';
import { Program } from './random-federations';
import { synthesized } from './synthesized';
import {
  Cluster, CondorHost, CoreHourBudget, ElasticStartdFleet, FederatedCluster, Federation, FederationEngine, JoinMode, KubeFedEngine, KubeFedKind,
  KubeFedV1Engine,
} from '../../../src';
import { describeGo } from '../requirements';

/* eslint-disable @typescript-eslint/no-explicit-any */

const MEMBERS = ['meyrin', 'tsystems'];

/** What the judges ask of a program beside its files. */
const PROGRAM: Program = {
  members: MEMBERS.map(name => ({ name, labels: {}, pulls: false })), claims: [], overrides: [], own: [], late: false,
};

/** KEDA's kind, which is none of Kubernetes, and whose definition the program doesn't declare. */
const SCALED_JOB: KubeFedKind = { apiGroup: 'keda.sh', kind: 'ScaledJob', plural: 'scaledjobs' };

/** An elastic fleet in two members, of which one is as different as can be. */
function elasticFleet(engine?: FederationEngine, pull = false): Files {
  const app = new App();
  // the pool's own objects are no matter of the federation's
  const pool = new CondorHost(new Cluster(app, 'servers'), 'condor', {
    trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
  });
  const federation = new Federation(app, 'fed', { host: new Cluster(app, 'condor-host'), engine });
  const [, tsystems] = MEMBERS.map(name => new FederatedCluster(app, name, {
    federation, ...engine && !pull && { joinMode: JoinMode.PUSH, apiServer: `https://${name}.example.org:6443` },
  }));
  const burst = new ElasticStartdFleet(federation, 'burst', {
    pool, cpus: 8, memory: Size.gibibytes(16), maxExecutionPoints: 20, budget: CoreHourBudget.perMonth(50_000),
  });
  burst.on(tsystems, { cpus: 4, memory: Size.gibibytes(8), attributes: { Datacenter: 'otc-eu-de' } });
  burst.scale(tsystems, { cost: 8, threshold: 100, patience: Duration.minutes(10), maxExecutionPoints: 50, budget: CoreHourBudget.perDay(1000) });
  return synthesized(app);
}

const kinds = (held: Held) => MEMBERS.map(member => held[member].map(({ kind }) => kind).sort());

describeGo('an elastic fleet under engines', () => {
  let judges: { karmada: Judge; kubefed: Judge };

  beforeAll(() => { judges = { karmada: new Judge('karmada'), kubefed: new Judge('kubefed') }; });
  afterAll(() => Promise.all([judges?.karmada.close(), judges?.kubefed.close()]));

  test.each(['Argo CD', 'Flux', 'Open Cluster Management', 'Karmada', 'KubeFed'])('%s brings each member what it would have without', async name => {
    const { engine, joining, held } = judgedEngines(judges).find(each => each.name === name)!;
    const without = elasticFleet();
    const by = name === 'KubeFed' ? new KubeFedEngine({ enabledTypes: [], customKinds: [SCALED_JOB] }) : engine(PROGRAM);
    const files = elasticFleet(by, !joining.reach);
    const said = await held(PROGRAM, files, Object.fromEntries(MEMBERS.map(member => [member, without[member]])));
    expect([...said.problems, ...differences(said.expected, said.held)]).toEqual([]);
    expect(kinds(said.held)).toEqual(kinds(without));
    const [near, cloud] = MEMBERS.map(member => said.held[member].find(({ kind }) => kind === 'ScaledJob') as any);
    const asked = ({ spec }: any) => [spec.maxReplicaCount, spec.jobTargetRef.template.spec.containers[0].resources.requests.cpu];
    expect([asked(near), asked(cloud)]).toEqual([[20, '6000m'], [50, '3000m']]);
  });

  test('the agent of Open Cluster Management may write ScaledJobs', () => {
    const { engine } = judgedEngines(judges).find(({ name }) => name === 'Open Cluster Management')!;
    const files = elasticFleet(engine(PROGRAM), true);
    for (const member of MEMBERS) {
      const rules = files[member].filter(({ kind }) => kind === 'ClusterRole').flatMap(role => (role as any).rules);
      expect(rules.filter(({ apiGroups }) => apiGroups.includes('keda.sh'))).toEqual([expect.objectContaining({ resources: ['scaledjobs'] })]);
    }
  });

  test('KubeFed is given the type of ScaledJobs, and refuses the fleet when it is not told their plural', () => {
    const host = elasticFleet(new KubeFedEngine({ customKinds: [SCALED_JOB] }))['condor-host'] as any[];
    expect(host.find(({ kind, metadata }) => kind === 'FederatedTypeConfig' && metadata.name === 'scaledjobs.keda.sh')).toBeDefined();
    expect(host.find(({ kind, spec }) => kind === 'CustomResourceDefinition' && spec.names.kind === 'FederatedScaledJob')).toBeDefined();
    expect(() => elasticFleet(new KubeFedEngine())).toThrow(/ScaledJob.keda.sh condor\/burst: KubeFed needs the plural name of a kind outside Kubernetes/);
    expect(() => elasticFleet(new KubeFedV1Engine({ dnsProvider: 'coredns' }))).toThrow(/ScaledJob/);
  });
});
