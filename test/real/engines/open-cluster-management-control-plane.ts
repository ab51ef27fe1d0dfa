import * as fs from 'fs';
import * as path from 'path';
import { NodelessCluster } from './nodeless-cluster';
import { ProcessPod } from './process-pod';
import { moduleDirectory, toolset } from '../kubernetes/binaries';
import { Manifest, parseManifests } from '../manifest';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Where the operators are, on the hub and in the members. */
const OPERATORS = 'open-cluster-management';
/** Where the hub's programs are. */
const HUB = 'open-cluster-management-hub';
/** Where a member's agent is. */
const AGENT = 'open-cluster-management-agent';

/** The account by whose token a member asks to be let in. */
const BOOTSTRAP = 'agent-registration-bootstrap';

/** The webhook configurations that the operator writes last, when all runs. */
const WEBHOOKS = [
  'mutatingwebhookconfiguration/managedclustermutators.admission.cluster.open-cluster-management.io',
  'validatingwebhookconfiguration/managedclustersetbindingvalidators.admission.cluster.open-cluster-management.io',
  'validatingwebhookconfiguration/managedclustervalidators.admission.cluster.open-cluster-management.io',
  'validatingwebhookconfiguration/manifestworkvalidators.admission.work.open-cluster-management.io',
];

/** How often an agent brings the hub the status of what it has applied; by itself, once in a minute. */
const STATUS_SYNC = '5s';

/** The agent of a member, and the operator that has installed it. */
export interface Klusterlet {
  readonly agent: ProcessPod;
  readonly operator: ProcessPod;
}

/** Open Cluster Management's hub, installed by its own operator. */
export class OpenClusterManagement {
  /** Installs it as `clusteradm init --wait` does. */
  public static async init(host: NodelessCluster): Promise<OpenClusterManagement> {
    const operator = await installOperator(host, 'cluster-manager');
    for (const template of ['bootstrap_cluster_role', 'bootstrap_sa', 'bootstrap_sa_cluster_role_binding']) {
      await create(host, rendered(released(`deploy/cluster-manager/chart/cluster-manager/templates/${template}.yaml`)));
    }
    await create(host, released('deploy/cluster-manager/config/samples/operator_open-cluster-management_clustermanagers.cr.yaml'));
    const manager = async () => conditionsOf(await host.get('clustermanager', 'cluster-manager'));
    await until('the operator has written all Deployments', async () => (await manager()).Progressing?.startsWith('True'));
    const deployments: any[] = (await host.get('deployments', '--namespace', HUB)).items;
    const pods = await Promise.all(deployments.map(({ metadata: { name } }) => ProcessPod.start(host, toolset('open-cluster-management'), HUB, name)));
    await until('the hub is up', async () => (await manager()).Progressing.startsWith('False')
      && (await host.kubectl(['get', ...WEBHOOKS])).status === 0);
    return new OpenClusterManagement(host, [operator, ...pods]);
  }

  private constructor(private readonly host: NodelessCluster, public readonly pods: readonly ProcessPod[]) {}

  /** The version of all programs, such as v1.2.1. */
  public get version(): string {
    return toolset('open-cluster-management').version;
  }

  /** Lets a member ask to be let in, as `clusteradm join` does. */
  public async join(member: NodelessCluster): Promise<Klusterlet> {
    const operator = await installOperator(member, 'klusterlet');
    const token = (await this.host.run(['create', 'token', BOOTSTRAP, '--namespace', OPERATORS])).trim();
    const secret = { name: 'bootstrap-hub-kubeconfig', namespace: AGENT };
    const [klusterlet] = parseManifests(released('deploy/klusterlet/config/samples/operator_open-cluster-management_klusterlets.cr.yaml'));
    const { externalServerURLs: _, ...spec } = klusterlet.spec;
    await create(member, objects(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: AGENT } },
      { apiVersion: 'v1', kind: 'Secret', metadata: secret, stringData: { kubeconfig: this.kubeconfig(token) } },
      { ...klusterlet, spec: { ...spec, clusterName: member.name, workConfiguration: { statusSyncInterval: STATUS_SYNC } } },
    ));
    await until('the operator has written the agent', async () => (await member.kubectl(['get', 'deployment', 'klusterlet-agent', '--namespace', AGENT])).status === 0);
    // before it is let in it is not ready
    return { operator, agent: await ProcessPod.start(member, toolset('open-cluster-management'), AGENT, 'klusterlet-agent', false) };
  }

  /** The names of the certificates that members ask for. */
  public async requests(member: string): Promise<string[]> {
    const { items } = await this.host.get('certificatesigningrequests', '--selector', `open-cluster-management.io/cluster-name=${member}`);
    return items.filter(({ status }: any) => !status.conditions).map(({ metadata }: any) => metadata.name);
  }

  /** Lets a member in, as `clusteradm accept` does. */
  public async accept(member: string): Promise<void> {
    await until(`${member} asks for a certificate`, async () => (await this.requests(member)).length > 0);
    await this.host.run(['certificate', 'approve', ...await this.requests(member)]);
  }

  /** How a member reaches the hub before it has a certificate. */
  private kubeconfig(token: string): string {
    const authority = fs.readFileSync(this.host.controlPlane.authority.certificate).toString('base64');
    return JSON.stringify({
      'apiVersion': 'v1',
      'kind': 'Config',
      'clusters': [{ name: 'hub', cluster: { 'server': this.host.apiServer, 'certificate-authority-data': authority } }],
      'users': [{ name: 'bootstrap', user: { token } }],
      'contexts': [{ name: 'bootstrap', context: { cluster: 'hub', user: 'bootstrap', namespace: 'default' } }],
      'current-context': 'bootstrap',
    });
  }
}

/** The conditions of an object: the status and the reason of each, by type. */
export function conditionsOf({ status }: any): { readonly [type: string]: string } {
  return Object.fromEntries((status?.conditions ?? []).map((condition: any) => [condition.type, `${condition.status} ${condition.reason}`]));
}

/** One of OCM's two operators, with all that it needs. */
async function installOperator(cluster: NodelessCluster, name: 'cluster-manager' | 'klusterlet'): Promise<ProcessPod> {
  await cluster.run(['create', '-k', path.join(moduleDirectory('open-cluster-management'), 'deploy', name, 'config')]);
  await cluster.run(['wait', '--for=condition=Established', '--timeout=600s', 'crd', '--all']);
  return ProcessPod.start(cluster, toolset('open-cluster-management'), OPERATORS, name);
}

/** A file that OCM is released with. */
function released(file: string): string {
  return fs.readFileSync(path.join(moduleDirectory('open-cluster-management'), file), 'utf8');
}

/** A template of the chart, as Helm renders it with the account that members are let in by. */
function rendered(template: string): string {
  const text = template.replace(/^\{\{-.*\}\}$/gm, '').replace(/\{\{ \.Release\.Namespace \}\}/g, OPERATORS);
  if (text.includes('{{')) { throw new Error(`not rendered:\n${text}`); }
  return text;
}

function objects(...manifests: Manifest[]): string {
  return manifests.map(manifest => JSON.stringify(manifest)).join('\n---\n');
}

async function create(cluster: NodelessCluster, input: string): Promise<void> {
  await cluster.run(['create', '-f', '-'], { input });
}
