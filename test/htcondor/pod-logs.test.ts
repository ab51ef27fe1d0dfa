import { App, Chart, Size, Testing } from 'cdk8s';
import { Cluster, CondorHost, CondorImage, CondorPool, ElasticStartdFleet, FederatedCluster, Federation, StartdFleet, StartdFleetProps } from '../../src';
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
