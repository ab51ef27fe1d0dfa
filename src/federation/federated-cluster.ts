import { Construct } from 'constructs';
import { areCertificates, isApiServer } from './api-server';
import { Cluster, ClusterProps } from './cluster';
import type { Federation } from './federation';
import { problem } from '../problem';

const DNS_SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** How objects reach a member where an engine with a control plane carries them. */
export enum JoinMode {
  /** The control plane calls the member's API server. */
  PUSH = 'push',
  /** An agent in the member calls the control plane: for members that can only connect outwards. */
  PULL = 'pull',
}

/** Properties of a `FederatedCluster`. */
export interface FederatedClusterProps extends ClusterProps {
  /** The federation that the cluster joins. */
  readonly federation: Federation;

  /**
   * How objects reach the member, where somebody carries them. `ManifestsEngine`, KubeFed (which can't pull) and Open Cluster Management (which
   * does nothing else) have one way only.
   *
   * @default JoinMode.PUSH
   */
  readonly joinMode?: JoinMode;

  /**
   * The address of the cluster's API server as the control plane reaches it: `https://host` or `https://host:port`.
   * What needs it and does not get it is refused at synth. Engines without a control plane don't use it.
   *
   * @default - not known; members that pull need none
   */
  readonly apiServer?: string;

  /**
   * The certificates, in PEM, of the authorities that vouch for the API server. They are no secret.
   *
   * @default - as the engine finds them: beside the token in the Secret of `credentials`, or the system's authorities
   */
  readonly caBundle?: string;

  /**
   * The name of the Secret by which the control plane signs in at the cluster or, where an agent pulls, of the Secret in the cluster by
   * which its agent signs in at the control plane. It is never synthesized: the engine's page in the docs says what it holds and how to make it.
   * Argo CD has it as the name of the cluster.
   *
   * @default - the id
   */
  readonly credentials?: string;

  /**
   * Holds the member back: it keeps what it has, and gets nothing new. Without a control plane its file is written, and
   * `ApplyPlan` leaves it out. An engine that delivers by itself must have read the pause before the change: its page in the docs says how.
   * Refused with an engine that can't hold one member back.
   *
   * @default false
   */
  readonly paused?: boolean;
}

/**
 * A cluster that has joined a federation: what `kubefed join` made of it.
 *
 * What is declared inside goes to this member alone; what is declared on the federation arrives too.
 */
export class FederatedCluster extends Cluster {
  /** The federation that the cluster has joined. */
  public readonly federation: Federation;

  /** How objects reach the member. */
  public readonly joinMode: JoinMode;

  /** The address of the API server as the control plane reaches it. */
  public readonly apiServer?: string;

  /** The certificates, in PEM, of the authorities that vouch for the API server. */
  public readonly caBundle?: string;

  /** The name of the Secret by which the control plane signs in. */
  public readonly credentials: string;

  /** Whether the member is held back. */
  public readonly paused: boolean;

  /**
   * @param scope the App
   * @param id the member's name in the federation: a DNS label of at most 48 characters
   * @param props the federation, and what is known of the cluster
   */
  public constructor(scope: Construct, id: string, props: FederatedClusterProps) {
    super(scope, id, props);
    this.federation = props.federation;
    this.joinMode = props.joinMode ?? JoinMode.PUSH;
    this.apiServer = props.apiServer;
    this.caBundle = props.caBundle;
    this.credentials = props.credentials ?? id;
    this.paused = props.paused ?? false;
    this.federation._join(this);
    this.node.addValidation({ validate: () => this.joinProblems() });
  }

  private joinProblems(): string[] {
    const problems: string[] = [];
    if (this.apiServer !== undefined && !isApiServer(this.apiServer)) {
      problems.push(problem('apiServer', this.apiServer, 'https://host or https://host:port'));
    }
    if (this.caBundle !== undefined && !areCertificates(this.caBundle)) {
      problems.push(problem('caBundle', `${this.caBundle.slice(0, 30)}...`, 'certificates in PEM and nothing else: no key'));
    }
    if (!DNS_SUBDOMAIN.test(this.credentials) || this.credentials.length > 253) {
      problems.push(problem('credentials', this.credentials, "the name of a Secret: a-z, 0-9, '-' and '.', at most 253 characters"));
    }
    return problems;
  }
}
