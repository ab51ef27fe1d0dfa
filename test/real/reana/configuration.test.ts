import * as fs from 'fs';
import * as path from 'path';
import { Duration } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import { ReanaPlatformProps, ReanaStorage } from '../../../src';
import { Manifest } from '../manifest';
import { describeReal } from '../requirements';
import { REANA_IMAGE, runInImage } from '../rootfs';
import { containersOf, podTemplate, SynthesizedContainer } from './pods';
import { Identity, REANA, siteSecrets, synthesizeReana } from './reana-program';

/* eslint-disable @typescript-eslint/no-explicit-any */

const RESOLVE = fs.readFileSync(path.join(__dirname, 'configuration.py'), 'utf8');

/** What REANA's own libraries make of the environments of containers, in their order. */
function resolved(containers: readonly SynthesizedContainer[]): any[] {
  const { status, stdout, stderr } = runInImage(['python3', '-c', RESOLVE], {
    image: REANA_IMAGE, input: JSON.stringify(containers.map(({ variables }) => variables)),
  });
  if (status !== 0) { throw new Error(`${status}: ${stderr}`); }
  return JSON.parse(stdout);
}

const PROGRAMS: { readonly [name: string]: { readonly identity: Identity; readonly props?: Partial<ReanaPlatformProps> } } = {
  'services and workflows apart': {
    identity: REANA,
    props: {
      storage: ReanaStorage.nfs('nfs.example.org', '/reana'),
      kerberos: { realm: 'CERN.CH', kdcs: ['cerndc.cern.ch'] },
      cvmfs: true,
      jobs: { cpuRequest: Cpu.millis(500) },
      sessions: { maxInactivity: Duration.days(7) },
    },
  },
  'all in one namespace, under another name': { identity: { prefix: 'ship', namespace: 'ships', runtimeNamespace: 'ships' } },
};

describeReal('the configuration of REANA\'s libraries', () => {
  describe.each(Object.entries(PROGRAMS))('%s', (_, { identity, props }) => {
    const { prefix, namespace, runtimeNamespace } = identity;
    let manifests: Manifest[];
    let secrets: ReturnType<typeof siteSecrets>;
    let containers: SynthesizedContainer[];
    let configurations: any[];

    const named = (kind: string, name: string, where?: string) =>
      manifests.filter(manifest => manifest.kind === kind && manifest.metadata.name === name && manifest.metadata.namespace === where);
    const services = () => manifests.filter(({ kind }) => kind === 'Service');
    /** The port of the Service that a host name leads to; undefined if none does. */
    const portsAt = (host: string) => services()
      .filter(({ metadata }) => `${metadata.name}.${metadata.namespace}` === host).flatMap(({ spec }) => spec.ports.map(({ port }: any) => port));

    beforeAll(() => {
      manifests = synthesizeReana(identity, props);
      secrets = siteSecrets(identity);
      containers = containersOf(manifests, secrets.contents).filter(({ variables }) => 'REANA_COMPONENT_PREFIX' in variables);
      configurations = resolved(containers);
      // server, scheduler, controller, consumer, initialisation and a CronJob at least
      expect(containers.length).toBeGreaterThanOrEqual(6);
    });

    /** Compares a value for every container, so that a failure names those that differ. */
    function everywhere(what: (configuration: any) => unknown, expected: unknown, asked = containers): void {
      const found = asked.map(container => [container.where, what(configurations[containers.indexOf(container)])]);
      expect(found).toEqual(asked.map(({ where }) => [where, expected]));
    }

    test('each program knows which REANA it belongs to', () => {
      everywhere(configuration => [
        configuration.REANA_COMPONENT_PREFIX,
        configuration.REANA_INFRASTRUCTURE_KUBERNETES_NAMESPACE,
        configuration.REANA_RUNTIME_KUBERNETES_NAMESPACE,
      ], [prefix, namespace, runtimeNamespace]);
    });

    test('the host names that it builds are the Services that there are, at the ports that it asks for', () => {
      const asked = { 'ui': 80, 'server': 80, 'workflow-controller': 80, 'cache': 6379, 'message-broker': 5672, 'db': 5432 };
      everywhere(
        configuration => Object.fromEntries(Object.entries<string>(configuration.REANA_INFRASTRUCTURE_COMPONENTS_HOSTNAMES)
          .map(([component, host]) => [component, portsAt(host).includes(asked[component as keyof typeof asked])])),
        Object.fromEntries(Object.keys(asked).map(component => [component, true])),
      );
      everywhere(configuration => configuration.OPENAPI, `http://${prefix}-workflow-controller.${namespace}:80`);
      const hosts = Object.values<string>(configurations[0].REANA_INFRASTRUCTURE_COMPONENTS_HOSTNAMES).sort();
      expect(services().map(({ metadata }) => `${metadata.name}.${metadata.namespace}`).sort()).toEqual(hosts);
    });

    test('behind each Service are containers that listen where it leads', () => {
      for (const service of services()) {
        const selector = Object.entries(service.spec.selector);
        const pods = manifests.map(podTemplate).filter(template =>
          template && selector.every(([label, value]) => template.metadata.labels[label] === value));
        expect([service.metadata.name, pods.length]).toEqual([service.metadata.name, 1]);
        const open = pods[0].spec.containers.flatMap(({ ports = [] }: any) => ports.flatMap(({ name, containerPort }: any) => [name, containerPort]));
        const leadsTo = service.spec.ports.map(({ port, targetPort }: any) => targetPort ?? port);
        expect(open).toEqual(expect.arrayContaining(leadsTo));
      }
    });

    test('the database is the Service, with the Secret\'s account', () => {
      everywhere(({ DATABASE }) => DATABASE, {
        host: `${prefix}-db.${namespace}`, port: 5432, database: 'reana', username: secrets.database.user, password: secrets.database.password,
      });
      // what kubelets would add for a Service reana-db is a URL, and the libraries take it for a port
      expect(containers.filter(({ podSpec }) => podSpec.enableServiceLinks !== false).map(({ where }) => where)).toEqual([]);
    });

    test('the message broker is the Service, with the Secret\'s account, for those who publish or consume', () => {
      const clients = containers.filter(({ variables }) => 'RABBIT_MQ_USER' in variables);
      expect(clients.map(({ where }) => where.replace(`/${prefix}-`, '/')).sort()).toEqual(expect.arrayContaining([
        'Deployment/job-status-consumer/job-status-consumer', 'Deployment/scheduler/scheduler', 'Deployment/server/rest-api',
        'Deployment/workflow-controller/rest-api',
      ]));
      const { user, password } = secrets.messageBroker;
      everywhere(configuration => configuration.MQ_CONNECTION_STRING, `amqp://${user}:${password}@${prefix}-message-broker.${namespace}//`, clients);
    });

    test('what it mounts in workflows and whom they run as is there, in the namespace where they run', () => {
      everywhere(configuration => [
        configuration.REANA_SHARED_PVC_NAME, configuration.SHARED_VOLUME_PATH, configuration.DEFAULT_WORKSPACE_PATH,
        Number(configuration.WORKFLOW_RUNTIME_USER_UID), Number(configuration.WORKFLOW_RUNTIME_USER_GID),
      ], [`${prefix}-shared-persistent-volume`, '/var/reana', '/var/reana', 1000, 0]);
      const makers = containers.filter(({ where }) => /\/[a-z]+-(workflow-controller|job-status-consumer)\//.test(where));
      expect(makers).toHaveLength(2);
      everywhere(configuration => configuration.REANA_RUNTIME_KUBERNETES_SERVICEACCOUNT_NAME, `${prefix}-runtime`, makers);
      expect(named('ServiceAccount', `${prefix}-runtime`, runtimeNamespace)).toHaveLength(1);
      everywhere(configuration => configuration.REANA_STORAGE_BACKEND, 'network', makers.filter(({ where }) => where.endsWith('/rest-api')));
      // the volume of workspaces is the one that REANA's own pods have
      const mounted = containers.filter(({ podSpec }) => podSpec.volumes.some(({ persistentVolumeClaim }: any) =>
        persistentVolumeClaim?.claimName === configurations[0].REANA_SHARED_PVC_NAME));
      expect(mounted.map(({ where }) => where)).toEqual(expect.arrayContaining(makers.map(({ where }) => where)));
      for (const where of new Set([namespace, runtimeNamespace])) {
        expect(named('PersistentVolumeClaim', configurations[0].REANA_SHARED_PVC_NAME, where)).toHaveLength(props?.storage ? 1 : 0);
      }
      expect(named('ConfigMap', configurations[0].KRB5_CONFIGMAP_NAME, runtimeNamespace)).toHaveLength(props?.kerberos ? 1 : 0);
      expect(named('StorageClass', configurations[0].REANA_CVMFS_STORAGE_CLASS_NAME)).toHaveLength(props?.cvmfs ? 1 : 0);
    });
  });
});
