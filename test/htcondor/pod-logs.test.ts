import { App, Chart, Size, Testing } from 'cdk8s';
import { Cluster, CondorHost, CondorImage, CondorPool, ElasticStartdFleet, FederatedCluster, Federation, PodLogs, StartdFleet, StartdFleetProps } from '../../src';
import { scratchDirectory } from '../scratch';

/* eslint-disable @typescript-eslint/no-explicit-any */

function program(fleet: Partial<StartdFleetProps>) {
  const app = new App({ outdir: scratchDirectory() });
  const chart = new Chart(app, 'site');
  const pool = CondorPool.fromAttributes({ collectors: ['condor.cern.ch'], trustDomain: 'cern.ch' });
  new StartdFleet(chart, 'startd', { pool, image: CondorImage.debian(), ...fleet });
  return { app, chart };
}

const pod = (chart: Chart): any => Testing.synth(chart).find(({ kind }) => kind === 'DaemonSet').spec.template.spec;
const printing = (fleet: Partial<StartdFleetProps>): any => pod(program(fleet).chart).containers.find(({ name }: any) => name === 'labelled-logs');

test('the container has the sandboxes and the logs to be read, and nothing else', () => {
  expect(printing({})).toBeUndefined();
  const { volumeMounts, securityContext } = printing({ podLogs: {} });
  expect(volumeMounts).toEqual([
    { name: 'log', mountPath: '/var/log/condor', readOnly: true }, { name: 'execute', mountPath: '/var/lib/condor/execute', readOnly: true },
  ]);
  expect(securityContext).toEqual({
    allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsUser: 0, capabilities: { drop: ['ALL'], add: ['DAC_OVERRIDE'] },
  });
  const rootless = printing({ podLogs: {}, rootless: true, acceptJobsReadToken: true, acceptJobsShareUser: true });
  expect(rootless.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
  expect(pod(program({ podLogs: {} }).chart).automountServiceAccountToken).toBe(false);
});

test('the attributes that tell what a job belongs to', () => {
  const attributes = (fleet: Partial<StartdFleetProps>) => printing(fleet).command.slice(-2);
  expect(attributes({ podLogs: {} })).toEqual(['ReanaWorkflowUuid', '']);
  expect(attributes({ podLogs: { workflowAttribute: 'Campaign', jobAttribute: 'Step' } })).toEqual(['Campaign', 'Step']);
});

test('refused: what is no attribute, and an elastic fleet', () => {
  expect(() => program({ podLogs: { workflowAttribute: 'a b' } }).app.synth()).toThrow(
    'podLogs.workflowAttribute: given "a b", allowed: the name of a job attribute, such as ReanaWorkflowUuid');
  const app = new App({ outdir: scratchDirectory() });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  new FederatedCluster(app, 'tsystems', { federation });
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }],
  });
  new ElasticStartdFleet(federation, 'burst', { pool, cpus: 1, memory: Size.gibibytes(2), maxExecutionPoints: 2, podLogs: {} });
  expect(() => app.synth()).toThrow('podLogs: given {}, allowed: none: the container that prints would outlive the execution point');
});

/** The pods of a pool's host by the name of their StatefulSet, and the configuration of its access point. */
function condorHost(podLogs?: PodLogs) {
  const chart = new Chart(new App({ outdir: scratchDirectory() }), 'site');
  new CondorHost(chart, 'condor', {
    trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }], image: CondorImage.debian(), podLogs,
  });
  const objects = Testing.synth(chart);
  const printer = (name: string): any => objects.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === name).spec.template.spec
    .containers.find(({ name: container }: any) => container === 'labelled-logs');
  return { printer, configuration: objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'condor-ap1').data.condor_config as string };
}

test('central managers and access points have it with their logs alone, as the user who writes them', () => {
  expect(condorHost().printer('condor-ap1')).toBeUndefined();
  for (const name of ['condor-cm', 'condor-ap1']) {
    const { volumeMounts, securityContext } = condorHost({}).printer(name);
    expect(volumeMounts).toEqual([{ name: 'log', mountPath: '/var/log/condor', readOnly: true }]);
    expect(securityContext).toEqual({
      runAsNonRoot: true, runAsUser: 64, runAsGroup: 64, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] },
    });
  }
});

test('access points write events, and after each what its job belongs to', () => {
  expect(condorHost().configuration).not.toContain('EVENT_LOG');
  const knobs = (podLogs: PodLogs) => condorHost(podLogs).configuration.split('\n').filter(line => line.startsWith('EVENT_LOG')).map(line => line.replace(/ +=/, ' ='));
  expect(knobs({})).toEqual([
    'EVENT_LOG = /var/log/condor/EventLog',
    'EVENT_LOG_MAX_SIZE = 10485760',
    'EVENT_LOG_FORMAT_OPTIONS = ISO_DATE,UTC',
    'EVENT_LOG_JOB_AD_INFORMATION_ATTRS = GlobalJobId, Owner, ReanaWorkflowUuid',
  ]);
  expect(knobs({ workflowAttribute: 'Campaign', jobAttribute: 'Step' }).at(-1)).toBe('EVENT_LOG_JOB_AD_INFORMATION_ATTRS = GlobalJobId, Owner, Campaign, Step');
});

test('refused: what is no attribute, of a host', () => {
  expect(() => condorHost({ jobAttribute: '1st' })).toThrow('podLogs.jobAttribute: given "1st", allowed: the name of a job attribute, such as ReanaWorkflowUuid');
});
