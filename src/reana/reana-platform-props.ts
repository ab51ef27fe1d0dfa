import { IReanaCache, IReanaDatabase, IReanaMessageBroker } from './reana-backing-services';
import { ReanaComputeBackend } from './reana-compute-backend';
import { ReanaDask } from './reana-dask';
import { ReanaFsGroup } from './reana-fs-group';
import { ReanaHostPath } from './reana-host-paths';
import { ReanaQuotas, ReanaRetention } from './reana-housekeeping';
import { ReanaImages } from './reana-images';
import { ReanaIngress } from './reana-ingress';
import { ReanaAdministrator } from './reana-initialization';
import { ReanaJobs } from './reana-jobs';
import { ReanaKerberos } from './reana-kerberos';
import { ReanaKueue } from './reana-kueue';
import { ReanaLogin } from './reana-login';
import { ReanaNotifications } from './reana-notifications';
import { ReanaOpenSearch } from './reana-open-search';
import { ReanaPlacement } from './reana-placement';
import { ReanaEnvironments, ReanaProgram } from './reana-programs';
import { ReanaRuntimeLimits } from './reana-runtime';
import { ReanaScheduling } from './reana-scheduling';
import { ReanaSessions } from './reana-sessions';
import { ReanaSite } from './reana-site';
import { ReanaSpecValidation } from './reana-spec-validation';
import { ReanaStorage } from './reana-storage';
import { ReanaUiOptions } from './reana-ui';
import { SecretReference } from '../workload/secret-reference';

/** Properties of a `ReanaPlatform`. */
export interface ReanaPlatformProps {
  /** The DNS name by which users reach it (`REANA_HOSTNAME`). The server answers to no other. */
  readonly hostname: string;

  /**
   * The port at which users reach it, by HTTPS (`REANA_HOSTPORT`).
   *
   * @default 443
   */
  readonly hostPort?: number;

  /**
   * What the names of all objects begin with (`REANA_COMPONENT_PREFIX`): a DNS label of at most 13 characters. Some of REANA's programs know no other than
   * `reana`: with another, `sessions.maxInactivity` and `dask` are refused.
   *
   * @default 'reana'
   */
  readonly prefix?: string;

  /**
   * The namespace of REANA's services. Refused: one of another `ReanaPlatform` in the same cluster.
   *
   * @default - that of the chart, or `reana`
   */
  readonly namespace?: string;

  /**
   * The namespace where workflows, their steps and sessions run (`REANA_RUNTIME_KUBERNETES_NAMESPACE`).
   *
   * @default - that of the services
   */
  readonly runtimeNamespace?: string;

  /**
   * Where records are kept.
   *
   * @default - a `ReanaDatabase` of its own
   */
  readonly database?: IReanaDatabase;

  /**
   * What carries messages.
   *
   * @default - a `ReanaMessageBroker` of its own
   */
  readonly messageBroker?: IReanaMessageBroker;

  /**
   * Where sessions of web users are kept.
   *
   * @default - a `ReanaCache` of its own
   */
  readonly cache?: IReanaCache;

  /**
   * Where workspaces are.
   *
   * @default ReanaStorage.storageClass()
   */
  readonly storage?: ReanaStorage;

  /**
   * Where users may have workspaces besides the volume (`WORKSPACE_PATHS`), by `workspace.root_path` in `reana.yaml`. The user 1000 must be able to write
   * there. REANA's code knows directories of nodes alone for this: both namespaces admit host paths then. Refused: what has the volume's `/var/reana` in its
   * path or around it, and paths that begin with one another.
   *
   * @default - none
   */
  readonly workspacePaths?: ReanaHostPath[];

  /**
   * The group that owns the volume of workspaces.
   *
   * @default - the group 0
   */
  readonly fsGroup?: ReanaFsGroup;

  /**
   * The web interface.
   *
   * @default - as each property says
   */
  readonly ui?: ReanaUiOptions;

  /**
   * Whether there is no web interface, but the API alone.
   *
   * @default false
   */
  readonly withoutUi?: boolean;

  /**
   * What the site says of itself.
   *
   * @default - REANA's own documentation and forum
   */
  readonly site?: ReanaSite;

  /**
   * How it is reached from outside.
   *
   * @default - by the cluster's default IngressClass
   */
  readonly ingress?: ReanaIngress;

  /**
   * Who may log in, and how.
   *
   * @default - whoever signs up, confirms the address where there are `notifications`, and is given a token by an administrator
   */
  readonly login?: ReanaLogin;

  /**
   * The key of tokens and sessions (`REANA_SECRET_KEY`). Whoever loses it loses all tokens.
   *
   * @default - key `REANA_SECRET_KEY` of `<prefix>-secrets`
   */
  readonly secretKey?: SecretReference;

  /**
   * Who administers it. A Job makes the tables and the administrator, or upgrades them, at each change of the image.
   *
   * @default - `admin@<hostname>`, with the Secrets `<prefix>-admin-password` and `<prefix>-admin-access-token`
   */
  readonly administrator?: ReanaAdministrator;

  /**
   * The images of REANA's programs.
   *
   * @default - those of 0.95.0-alpha.5
   */
  readonly images?: ReanaImages;

  /**
   * Secrets with which images are pulled, in both namespaces; those of workflows, steps and sessions as well.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];

  /**
   * How much of the server there is.
   *
   * @default - as each property says
   */
  readonly server?: ReanaProgram;

  /**
   * How much of the workflow controller there is.
   *
   * @default - as each property says
   */
  readonly workflowController?: ReanaProgram;

  /**
   * Further variables of REANA's programs. Refused: those that other objects hang on.
   *
   * @default - none
   */
  readonly environments?: ReanaEnvironments;

  /**
   * Where steps can run (`REANA_COMPUTE_BACKENDS`). The job controller is told the same.
   *
   * @default [ReanaComputeBackend.KUBERNETES]
   */
  readonly computeBackends?: ReanaComputeBackend[];

  /**
   * What steps get, and the most that users may ask for.
   *
   * @default - as each property says
   */
  readonly jobs?: ReanaJobs;

  /**
   * The images that steps may run in (`REANA_VETTED_CONTAINER_IMAGES`). Refused: sessions with images that aren't among them.
   *
   * @default - any image
   */
  readonly vettedImages?: string[];

  /**
   * The pod in which specifications are loaded. It needs newer images than those that are here by default.
   *
   * @default - as REANA's programs have it
   */
  readonly specValidation?: ReanaSpecValidation;

  /**
   * How workflows are started.
   *
   * @default - first come, first served, 30 at a time
   */
  readonly scheduling?: ReanaScheduling;

  /**
   * What the runtime namespace allows.
   *
   * @default - as each property says
   */
  readonly runtimeLimits?: ReanaRuntimeLimits;

  /**
   * On which nodes what runs.
   *
   * @default - any node
   */
  readonly placement?: ReanaPlacement;

  /**
   * What users may use, and when it is counted.
   *
   * @default - counted every night, without limits
   */
  readonly quotas?: ReanaQuotas;

  /**
   * How long what is in workspaces is kept.
   *
   * @default - for ever
   */
  readonly retention?: ReanaRetention;

  /**
   * Interactive sessions.
   *
   * @default - Jupyter, without end
   */
  readonly sessions?: ReanaSessions;

  /**
   * Mail to users and to those who run REANA.
   *
   * @default - none
   */
  readonly notifications?: ReanaNotifications;

  /**
   * Where the API finds the logs of workflows that run.
   *
   * @default - nowhere: it shows those of workflows and steps that have ended
   */
  readonly openSearch?: ReanaOpenSearch;

  /**
   * Kerberos for workflows that ask for it.
   *
   * @default - none
   */
  readonly kerberos?: ReanaKerberos;

  /**
   * The Secret with REANA's registration at a GitLab, under the keys `REANA_GITLAB_OAUTH_APP_ID`, `REANA_GITLAB_OAUTH_APP_SECRET` and `REANA_GITLAB_HOST`.
   *
   * @default - no GitLab
   */
  readonly gitlabSecret?: string;

  /**
   * The Secret with which other services manage tokens and quotas of users, under the keys `REANA_TOKEN_MANAGEMENT_SECRET` and
   * `REANA_QUOTA_MANAGEMENT_SECRET`.
   *
   * @default - nobody does
   */
  readonly managementSecret?: string;

  /**
   * Dask clusters for workflows that ask for one.
   *
   * @default - none
   */
  readonly dask?: ReanaDask;

  /**
   * Kueue, which holds workflows and steps until there is room.
   *
   * @default - they are started at once
   */
  readonly kueue?: ReanaKueue;

  /**
   * Whether workflows can have CVMFS: its CSI driver is in the cluster. A StorageClass `<prefix>-cvmfs` is made.
   *
   * @default false
   */
  readonly cvmfs?: boolean;

  /**
   * Whether `/var/eos` of the nodes is mounted in workflows as `/eos` (`K8S_CERN_EOS_AVAILABLE`). The runtime namespace admits host paths then.
   *
   * @default false
   */
  readonly eos?: boolean;

  /**
   * Whether the server may list the cluster's nodes and what they use: for the status page, and for `scheduling.readinessCheck`. Nodes belong to no
   * namespace: this is REANA's only ClusterRole.
   *
   * @default true
   */
  readonly readsNodes?: boolean;

  /**
   * Whether NetworkPolicies close each pod but for what REANA's programs do.
   *
   * @default true
   */
  readonly networkPolicies?: boolean;

  /**
   * Whether nothing runs that changes anything: no server, no controller, no CronJob. Database, broker and cache stay.
   *
   * @default false
   */
  readonly maintenance?: boolean;
}
