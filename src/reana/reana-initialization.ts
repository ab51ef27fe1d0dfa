import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ADMINISTRATOR, INITIALIZATION_SCRIPT } from './initialization-script';
import { ReanaNames } from './reana-names';
import { problem } from '../problem';
import { filesDigest } from '../workload/hardened-pod';
import { NamedByContent } from '../workload/named-by-content';
import { addNetworkPolicy } from '../workload/network-policy';
import { SecretReference } from '../workload/secret-reference';

/** Who administers a REANA. */
export interface ReanaAdministrator {
  /** The address, which is the name that the administrator logs in with. One that is there already keeps its own. */
  readonly email: string;

  /**
   * The password that the administrator logs in with at first. Changed later in REANA, not here.
   *
   * @default - the Secret `<prefix>-admin-password`, key `password`
   */
  readonly password?: SecretReference;

  /**
   * The access token that the administrator has; CronJobs use it as well. With another one in the Secret the old one is revoked at the next
   * initialisation. From 16 to 255 letters, digits, `-`, `_`, `.` and `~`.
   *
   * @default - the Secret `<prefix>-admin-access-token`, key `ADMIN_ACCESS_TOKEN`
   */
  readonly accessToken?: SecretReference;
}

/** The initialisation of a platform: what runs it, and as what. */
export interface ReanaInitializationOptions {
  readonly names: ReanaNames;
  readonly administrator: ReanaAdministrator;
  /** The server's image, with its tools. */
  readonly image: string;
  /** The server's environment, complete. */
  readonly environment: readonly object[];
  /** What the server mounts, the volume of workspaces among it. */
  readonly volumes: readonly object[];
  readonly volumeMounts: readonly object[];
  /** What else the server's pods say of themselves: security, pull secrets, nodes. */
  readonly pod: object;
  readonly containerSecurity: object;
  /** Whether a NetworkPolicy closes it. Unless stated, one does. */
  readonly networkPolicies?: boolean;
  /** Whom it may call, as NetworkPolicy rules. */
  readonly egress?: readonly object[];
}

/** The keys that an administrator's Secrets are asked for. */
export function administratorSecrets(names: ReanaNames, { password, accessToken }: ReanaAdministrator) {
  return {
    password: { name: password?.secretName ?? names.component('admin-password'), key: password?.key ?? 'password' },
    accessToken: { name: accessToken?.secretName ?? names.adminTokenSecret, key: accessToken?.key ?? 'ADMIN_ACCESS_TOKEN' },
  };
}

/**
 * The Job that makes or upgrades REANA's tables and sees to its administrator: at the first installation, and again whenever the image or anything that
 * it is given changes. It has another name then, since a Job can't be changed; one that is applied again unchanged has the same and runs no second time.
 *
 * It has no right at the API server.
 */
export class ReanaInitialization extends Construct {
  /** The Job. */
  public readonly job: ApiObject;

  public constructor(scope: Construct, id: string, options: ReanaInitializationOptions) {
    super(scope, id);
    const { names, administrator } = options;
    const name = names.component('init');
    const labels = names.labels('init');
    const metadata = { name, namespace: names.namespace, labels };
    const files = { 'initialize.py': INITIALIZATION_SCRIPT };
    const secrets = administratorSecrets(names, administrator);
    const own: { name: string }[] = [
      { name: ADMINISTRATOR.email, ...{ value: administrator.email } },
      { name: ADMINISTRATOR.password, ...{ valueFrom: { secretKeyRef: secrets.password } } },
      { name: ADMINISTRATOR.token, ...{ valueFrom: { secretKeyRef: secrets.accessToken } } },
    ];
    const isOwn = (variable: any) => own.some(each => each.name === variable.name);
    new ApiObject(this, 'ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    new ApiObject(this, 'ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: files });
    if (options.networkPolicies ?? true) { addNetworkPolicy(this, metadata, names.selector('init'), { ingress: [], egress: options.egress }); }
    this.job = new NamedByContent(this, 'Job', {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata,
      spec: {
        // a database that isn't there yet, a Secret that comes later, a node that goes away
        backoffLimit: 10,
        template: {
          metadata: { labels, annotations: filesDigest(files) },
          spec: {
            ...options.pod,
            serviceAccountName: name,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            restartPolicy: 'Never',
            containers: [{
              name: 'initialize',
              image: options.image,
              command: ['python3', `${SCRIPTS}/initialize.py`],
              env: [...options.environment.filter(each => !isOwn(each)), ...own],
              securityContext: options.containerSecurity,
              resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
              volumeMounts: [...options.volumeMounts, { name: 'scripts', mountPath: SCRIPTS, readOnly: true }],
            }],
            volumes: [...options.volumes, { name: 'scripts', configMap: { name } }],
          },
        },
      },
    });
    this.node.defaultChild = this.job;
    this.node.addValidation({
      validate: () => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(administrator.email) ? [] : [problem('administrator.email', administrator.email, 'an e-mail address')],
    });
  }
}

const SCRIPTS = '/scripts';
