import { isDnsLabel } from '../federation/names';

/** `<prefix>-secretsstore-<uuid>`, which the code makes for each user, has to be a DNS label: that leaves this much. */
export const LONGEST_PREFIX = 13;

/** REANA's own prefix, which its code assumes where nothing is said. Some names in the code have this prefix whatever is said. */
export const DEFAULT_PREFIX = 'reana';

/** What has a Service, under a name and a port that the code builds or knows by heart: what callers ask for, and what the pods listen on. */
export const SERVICE_PORTS = {
  'server': { port: 80, targetPort: 5000 },
  'workflow-controller': { port: 80, targetPort: 5000 },
  'cache': { port: 6379, targetPort: 6379 },
  'message-broker': { port: 5672, targetPort: 5672 },
  'db': { port: 5432, targetPort: 5432 },
  'pgbouncer': { port: 6432, targetPort: 6432 },
  // nobody but root may listen on 80
  'ui': { port: 80, targetPort: 8080 },
} as const;

/** What has a Service. */
export type ReanaService = keyof typeof SERVICE_PORTS;

/** The port of an interactive session's Service, and that of its pod. Both are in the code that makes them. */
export const SESSION_PORTS = { port: 8081, targetPort: 8888 } as const;

/** What schedulers of Dask listen on: for workers and whoever computes with them, and for the dashboard. Both are in the code that makes them. */
export const DASK_PORTS = { scheduler: 8786, dashboard: 8787 } as const;

/**
 * The names that REANA's programs build or know by heart. An object with another name isn't found.
 *
 * Host names are `<prefix>-<component>.<namespace>`: `reana_commons.config` builds them from `REANA_COMPONENT_PREFIX` and
 * `REANA_INFRASTRUCTURE_KUBERNETES_NAMESPACE`.
 */
export class ReanaNames {
  /** Whether the names that are made of it at run time are names. */
  public static isPrefix(prefix: string): boolean {
    return isDnsLabel(prefix, LONGEST_PREFIX);
  }

  public constructor(
    /** What all names begin with (`REANA_COMPONENT_PREFIX`). */
    public readonly prefix: string,
    /** Where the services are (`REANA_INFRASTRUCTURE_KUBERNETES_NAMESPACE`). */
    public readonly namespace: string,
    /** Where workflows run (`REANA_RUNTIME_KUBERNETES_NAMESPACE`). */
    public readonly runtimeNamespace: string = namespace,
  ) {}

  /** Whether workflows run beside the services. */
  public get oneNamespace(): boolean { return this.namespace === this.runtimeNamespace; }

  /** The name of a component's objects: Deployment, Service, ConfigMap. */
  public component(name: string): string { return `${this.prefix}-${name}`; }

  /** The host name under which callers look for a Service. */
  public host(service: ReanaService): string { return `${this.component(service)}.${this.namespace}`; }

  /** What pods of a component are selected by. The code knows `app`: policies and tools of REANA select by it. */
  public selector(component: string): { app: string } { return { app: this.component(component) }; }

  /** The labels of a component's objects and pods. */
  public labels(component: string): { [label: string]: string } {
    return {
      ...this.selector(component),
      'app.kubernetes.io/name': component,
      'app.kubernetes.io/instance': this.prefix,
      'app.kubernetes.io/part-of': 'reana',
    };
  }

  /** Of the API, the scheduler, and the CronJobs that ask the API server. */
  public get serverServiceAccount(): string { return this.component('server'); }
  /** Of the workflow controller. */
  public get infrastructureServiceAccount(): string { return this.component('infrastructure'); }
  /** Of whatever doesn't ask the API server. */
  public get unprivilegedServiceAccount(): string { return this.component('unprivileged'); }
  /** Of workflows' pods. */
  public get runtimeServiceAccount(): string { return this.component('runtime'); }

  /** The volume of all workspaces, in both namespaces (`REANA_SHARED_PVC_NAME`). */
  public get sharedClaim(): string { return this.component('shared-persistent-volume'); }

  /** The StorageClass of CVMFS, and the claim that the workflow controller makes of it in the runtime namespace. */
  public get cvmfs(): string { return this.component('cvmfs'); }

  /** The ConfigMap whose key is `krb5.conf`, in both namespaces. */
  public get kerberosConfigMap(): string { return this.component('krb5-conf'); }

  public get secretKeySecret(): string { return this.component('secrets'); }
  public get databaseSecret(): string { return this.component('db-secrets'); }
  public get cacheSecret(): string { return this.component('cache-secrets'); }
  public get messageBrokerSecret(): string { return this.component('message-broker-secrets'); }
  public get adminTokenSecret(): string { return this.component('admin-access-token'); }
  public get loginProviderSecret(): string { return this.component('login-provider-secrets'); }
  public get mailSecret(): string { return this.component('mail-notification-sender-password'); }
  public get openSearchSecret(): string { return this.component('opensearch-secrets'); }
}

/** Names that have no prefix, since the code has none for them. */
export const UNPREFIXED = {
  /** What the UI and the API say of the site: `ui-config.yaml`. */
  siteConfigMap: 'reana-config',
  /** uWSGI's settings in the pods of workflows; newer workflow controllers mount it. */
  jobControllerUwsgiConfigMap: 'uwsgi-config-reana-job-controller',
  /** Kueue's queues of workflows and of their jobs. */
  batchQueue: 'local-queue-batch',
  jobQueue: 'local-queue-job',
} as const;
