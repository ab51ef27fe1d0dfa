import * as fs from 'fs';
import * as path from 'path';
import { NodelessCluster } from './nodeless-cluster';
import { moduleDirectory, toolset } from '../kubernetes/binaries';
import { Component } from '../kubernetes/component';
import { API_PORT, commandLine } from '../kubernetes/control-plane';
import { writeKubeconfig } from '../kubernetes/kubeconfig';
import { parseManifests } from '../manifest';
import { until } from '../until';

const HEALTH = '127.0.0.1:8080';

/** Where KubeFed is, in the host and in the members. */
export const KUBEFED_NAMESPACE = 'kube-federation-system';

/** The account of its controllers, as the chart names it. */
const ACCOUNT = 'kubefed-controller';

/** What the chart gives the controllers: their account, its rights, and their configuration. */
const TEMPLATES = ['serviceaccounts', 'clusterrole', 'clusterrolebindings', 'roles', 'rolebindings', 'kubefedconfig'];

/** KubeFed's controllers at their host. */
export class KubeFedControllers {
  /** Starts them; they know no member yet. */
  public static async start(host: NodelessCluster): Promise<KubeFedControllers> {
    await install(host);
    const { machine, authority } = host.controlPlane;
    const kubeconfig = writeKubeconfig(path.join(host.directory, 'kubefed.conf'), [{
      context: host.name,
      server: `https://127.0.0.1:${API_PORT}`,
      authority: authority.certificate,
      // the rights of the account in place of its token
      identity: await authority.issue('kubefed', {
        user: `system:serviceaccount:${KUBEFED_NAMESPACE}:${ACCOUNT}`, groups: ['system:serviceaccounts', `system:serviceaccounts:${KUBEFED_NAMESPACE}`],
      }),
    }]);
    const component = new Component('kubefed', commandLine(toolset('kubefed').path('controller-manager'), {
      'kubeconfig': kubeconfig,
      'kubefed-namespace': KUBEFED_NAMESPACE,
      'healthz-addr': HEALTH,
      'metrics-addr': '127.0.0.1:9090',
      'v': 2,
    }), { network: machine.path, group: host.group, logs: path.join(host.directory, 'logs') }).start();
    await component.until('healthy', async () =>
      (await machine.attempt(['curl', '--silent', '--fail', `http://${HEALTH}/healthz`], { timeout: 3 })).status === 0);
    return new KubeFedControllers(host, component);
  }

  private constructor(private readonly host: NodelessCluster, private readonly component: Component) {}

  /** Their version, such as v0.10.0. */
  public get version(): string {
    return toolset('kubefed').version;
  }

  /** All that they have said. */
  public get log(): string {
    return fs.readFileSync(this.component.log, 'utf8');
  }

  public get running(): boolean {
    return this.component.running;
  }

  /** Takes the token that a member has made to the host. */
  public async admit(member: NodelessCluster): Promise<void> {
    const { host } = this;
    let token = '';
    await until(`${member.name} has made the token`, async () => {
      token = await member.run(['--namespace', KUBEFED_NAMESPACE, 'get', 'secret', `${member.name}-${host.name}`, '--output', 'jsonpath={.data.token}']);
      return token !== '';
    });
    await host.run(['--namespace', KUBEFED_NAMESPACE, 'create', 'secret', 'generic', member.name, '--from-file=token=/dev/stdin'],
      { input: Buffer.from(token, 'base64').toString() });
  }
}

/** Installs what the chart does, but for its webhook: without a validating webhook less is refused, and nothing is changed. */
async function install(host: NodelessCluster): Promise<void> {
  const chart = path.join(moduleDirectory('kubefed'), 'charts/kubefed');
  const read = (file: string) => fs.readFileSync(path.join(chart, file), 'utf8');
  await host.run(['create', 'namespace', KUBEFED_NAMESPACE]);
  for (const file of ['crds/crds.yaml', 'charts/controllermanager/crds/crds.yaml']) {
    await host.run(['create', '-f', '-'], { input: read(file) });
  }
  await host.run(['wait', '--for=condition=Established', '--timeout=600s', 'crd', '--all']);
  for (const file of TEMPLATES) {
    await host.run(['create', '-f', '-'], { input: rendered(read(`charts/controllermanager/templates/${file}.yaml`)) });
  }
  // the types that are enabled; these are of the release's namespace by themselves
  await host.run(['create', '--namespace', KUBEFED_NAMESPACE, '-f', '-'], { input: read('templates/federatedtypeconfig.yaml') });
}

/** A template of the chart with the values that it has by default, as Helm renders it: only the scope Namespaced has conditions that fail. */
function rendered(template: string): string {
  const open: boolean[] = [];
  const lines = template.split('\n').filter(line => {
    const [, action] = /^\s*\{\{-?\s*(if|else|end)\b/.exec(line) ?? [];
    switch (action) {
      case 'if': open.push(!line.includes('"Namespaced"')); return false;
      case 'else': open.push(!open.pop()); return false;
      case 'end': open.pop(); return false;
      default: return open.every(holds => holds);
    }
  });
  const text = lines.join('\n')
    .replace(/\{\{ \.Release\.Namespace \}\}/g, KUBEFED_NAMESPACE)
    .replace(/\{\{ \.Values\.\S+ \| default ("[^"]*"|\d+)( \| quote)? \}\}/g, '$1');
  if (text.includes('{{')) { throw new Error(`not rendered:\n${text}`); }
  return parseManifests(text).map(manifest => JSON.stringify(manifest)).join('\n---\n');
}
