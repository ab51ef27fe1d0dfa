import { ApiObject, JsonPatch, Size } from 'cdk8s';
import { problemsOf, smallFederation } from './engines/small-federation';
import { ClusterSelector, CondorHost, StartdFleet } from '../../src';

const OLD = 'registry.example/web:1';
const NEW = 'registry.example/web:2';

type Containers = { [name: string]: string };
const list = (images: Containers) => Object.entries(images).map(([name, image]) => ({ name, image }));

const INIT: Containers = { prepare: OLD, fetch: 'curl:8' };

/** A workload of two containers and two init containers, with patches for one member. */
function program(patches: JsonPatch[], kind = 'Deployment', init = INIT) {
  const { app, fed, tsystems } = smallFederation();
  const pods = { metadata: { labels: { app: 'web' } }, spec: { initContainers: list(init), containers: list({ web: OLD, proxy: 'proxy:1' }) } };
  const spec = kind === 'CronJob' ? { jobTemplate: { spec: { template: pods } } } : { template: pods };
  const web = new ApiObject(fed, 'web', { apiVersion: kind === 'Deployment' ? 'apps/v1' : 'batch/v1', kind, metadata: { namespace: 'condor' }, spec } as any);
  fed.addOverride(web, ClusterSelector.of(tsystems), ...patches);
  return app;
}

const POD = '/spec/template/spec';
const image = (path: string, value = NEW) => JsonPatch.replace(`${path}/image`, value);

test('an override of an image leaves an init container with the old one: refused, with both places', () => {
  expect(problemsOf(program([image(`${POD}/containers/0`)]))).toEqual([
    `[fed] fed/web for tsystems spec.template.spec.containers[0].image: given "${NEW}", allowed: another image only where `
    + `spec.template.spec.initContainers[0].image gets another as well: it was the same, and would still be "${OLD}"`,
  ]);
});

test('so it is in a CronJob, and where the containers stand elsewhere', () => {
  const at = '/spec/jobTemplate/spec/template/spec';
  const patches = [JsonPatch.add(`${at}/containers/0`, { name: 'log', image: 'log:1' }), image(`${at}/containers/1`)];
  expect(problemsOf(program(patches, 'CronJob'))).toEqual([
    expect.stringContaining('fed/web for tsystems spec.jobTemplate.spec.template.spec.containers[1].image: given'),
  ]);
});

test.each<[string, JsonPatch[], Containers?]>([
  ['both get the new one', [image(`${POD}/containers/0`), image(`${POD}/initContainers/0`)]],
  ['each gets one of its own', [image(`${POD}/containers/0`), image(`${POD}/initContainers/0`, 'other:1')]],
  ['the init container was another', [image(`${POD}/containers/1`)]],
  ['the init container goes', [JsonPatch.remove(`${POD}/initContainers/0`), image(`${POD}/containers/0`)]],
  ['an init container of the old image comes', [JsonPatch.add(`${POD}/initContainers/0`, { name: 'new', image: OLD }), image(`${POD}/containers/0`)], { fetch: 'curl:8' }],
  ['the container goes', [JsonPatch.remove(`${POD}/containers/0`)]],
  ['no image changes', [JsonPatch.add('/metadata/labels', { site: 'otc' })]],
])('allowed: %s', (_, patches, init = INIT) => expect(problemsOf(program(patches, 'Deployment', init))).toEqual([]));

test("a fleet's own differences of members are none of this", () => {
  const { app, host, fed, tsystems } = smallFederation();
  const pool = new CondorHost(host, 'condor', {
    trustDomain: 'cern.ch', centralManagers: [{ address: 'condor.cern.ch' }], accessPoints: [{ name: 'ap1', address: 'ap1.cern.ch' }], namespace: 'pool',
  });
  const fleet = new StartdFleet(fed, 'fleet', { pool, cpus: 8, memory: Size.gibibytes(16) });
  fleet.on(tsystems, { cpus: 4, memory: Size.gibibytes(8), attributes: { Datacenter: 'otc-eu-de' } });
  fleet.retire(tsystems);
  expect(problemsOf(app)).toEqual([]);
  const container = `${POD}/containers/0`;
  fed.addOverride(fleet, ClusterSelector.of(tsystems), image(container));
  expect(problemsOf(app)).toEqual([expect.stringContaining('[fed] fed/fleet/DaemonSet for tsystems spec.template.spec.containers[0].image')]);
  fed.addOverride(fleet, ClusterSelector.of(tsystems), image(`${POD}/initContainers/0`));
  expect(problemsOf(app)).toEqual([]);
});
