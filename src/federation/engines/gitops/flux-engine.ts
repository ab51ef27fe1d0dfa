import { Duration } from 'cdk8s';
import { controllerName, fileExtension, gitOpsProblems } from './git-files';
import { GitOpsEngineProps } from './gitops-engine-props';
import { problem } from '../../../problem';
import { FederatedCluster, JoinMode } from '../../federated-cluster';
import { Manifest } from '../../manifest';
import type { FederationModel } from '../../model';
import { ManifestsEngine } from '../manifests';
import { withoutNamespace } from '../stated-namespaces';

/** Flux labels all that it applies with the name of the Kustomization. */
const MAX_LABEL_LENGTH = 63;

/** Properties of a `FluxEngine`. */
export interface FluxEngineProps extends GitOpsEngineProps {
  /**
   * The branch that Flux follows: `ref.branch` of the GitRepositories.
   *
   * @default main
   */
  readonly branch?: string;

  /**
   * The name of the Secret by which Flux signs in at the repository, in the namespace of Flux: `secretRef` of the GitRepositories.
   *
   * @default - the repository is public
   */
  readonly repositorySecret?: string;

  /**
   * The namespace of Flux, in the host and in members that pull.
   *
   * @default flux-system
   */
  readonly namespace?: string;

  /**
   * How often Flux looks into the repository, and compares a member with its file: whole seconds, at least one.
   *
   * @default Duration.minutes(10)
   */
  readonly interval?: Duration;

  /**
   * How long an apply may take, and with `wait` the objects to become healthy: whole seconds, at least one.
   *
   * @default Duration.minutes(5)
   */
  readonly timeout?: Duration;

  /**
   * Whether a Kustomization is ready only when all objects of the member are healthy. One that isn't keeps a worker of Flux busy for the
   * `timeout`, again and again, and others wait for it.
   *
   * @default false
   */
  readonly wait?: boolean;

  /**
   * The ServiceAccount that Flux acts as in the member: one of this name in the namespace of Flux there.
   *
   * @default - what the kubeconfig signs in as; in members that pull, Flux itself
   */
  readonly serviceAccountName?: string;
}

/**
 * Flux carries the members' files, which are those of a federation without a control plane, from a Git repository.
 *
 * Each member has a GitRepository, whose `ignore` leaves the member's file and no other, and a Kustomization that applies it
 * (server-side, as Flux always does). For a member that is pushed to they are in the host's file, and `kubeConfig.secretRef` of
 * the Kustomization is `FederatedClusterProps.credentials`: a Secret in the namespace of Flux with a kubeconfig under the key
 * `value`. For a member that pulls they are in its own file, and the Flux that runs there takes it: the host has no credentials
 * of it.
 *
 * A member that is paused has `suspend: true`. Nothing is deleted in a member without `prune`, and never because a Kustomization
 * is deleted (`deletionPolicy: Orphan`).
 *
 * Refused at synth: URLs with credentials, paths out of the repository, a member that pulls and is paused, objects without a
 * namespace, names of federation and member that together have more than 62 characters.
 */
export class FluxEngine extends ManifestsEngine {
  private readonly namespace: string;

  private readonly interval: Duration;

  private readonly timeout: Duration;

  /**
   * @param props the repository, and how Flux applies it
   */
  public constructor(private readonly props: FluxEngineProps) {
    super();
    this.namespace = props.namespace ?? 'flux-system';
    this.interval = props.interval ?? Duration.minutes(10);
    this.timeout = props.timeout ?? Duration.minutes(5);
  }

  /** @internal */
  public _delivers(member: FederatedCluster): boolean {
    return member.joinMode === JoinMode.PUSH;
  }

  /** @internal */
  public _problems(model: FederationModel): string[] {
    const { members } = model.federation;
    return [
      ...gitOpsProblems(model, this.props, name => `flux suspend kustomization ${name}`),
      ...durationProblems('interval', this.interval),
      ...durationProblems('timeout', this.timeout),
      ...withoutNamespace(model, 'Flux', members),
      ...members.map(controllerName).filter(name => name.length > MAX_LABEL_LENGTH).map(name =>
        problem('name of a Kustomization', name,
          `at most ${MAX_LABEL_LENGTH} characters for federation, '-' and member: Flux writes it into labels`)),
    ];
  }

  /** @internal */
  public _memberManifests(model: FederationModel, member: FederatedCluster): Manifest[] {
    const file = super._memberManifests(model, member);
    return member.joinMode === JoinMode.PUSH ? file : [...file, this.repository(model, member), this.kustomization(member)];
  }

  /** @internal */
  public _hostManifests(model: FederationModel): Manifest[] {
    return model.federation.members.filter(({ joinMode }) => joinMode === JoinMode.PUSH)
      .flatMap(member => [this.repository(model, member), this.kustomization(member)]);
  }

  private repository(model: FederationModel, member: FederatedCluster): Manifest {
    const { repoUrl, path, branch, repositorySecret } = this.props;
    return {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata: { name: controllerName(member), namespace: this.namespace },
      spec: {
        url: repoUrl,
        ref: { branch: branch ?? 'main' },
        ...repositorySecret && { secretRef: { name: repositorySecret } },
        interval: text(this.interval),
        ignore: allBut(path, `${member.node.id}${fileExtension(model)}`),
      },
    };
  }

  private kustomization(member: FederatedCluster): Manifest {
    const { path, prune, wait, serviceAccountName } = this.props;
    return {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name: controllerName(member), namespace: this.namespace },
      spec: {
        sourceRef: { kind: 'GitRepository', name: controllerName(member) },
        path: path === '.' ? './' : `./${path}`,
        ...member.joinMode === JoinMode.PUSH && { kubeConfig: { secretRef: { name: member.credentials } } },
        ...serviceAccountName && { serviceAccountName },
        interval: text(this.interval),
        retryInterval: '2m',
        timeout: text(this.timeout),
        prune: prune ?? false,
        deletionPolicy: 'Orphan',
        wait: wait ?? false,
        ...member.paused && { suspend: true },
      },
    };
  }
}

/** Rules that leave one file of a repository, as .gitignore has them: a file stays out if a folder on the way to it does. */
function allBut(path: string, file: string): string {
  const folders = path === '.' ? [] : path.split('/');
  const onTheWay = folders.map((_, depth) => `/${folders.slice(0, depth + 1).join('/')}`);
  return ['/*', ...onTheWay.flatMap(folder => [`!${folder}`, `${folder}/*`]), `!/${[...folders, file].join('/')}`, ''].join('\n');
}

function durationProblems(property: string, duration: Duration): string[] {
  const seconds = duration.toSeconds({ integral: false });
  return Number.isInteger(seconds) && seconds > 0 ? [] : [problem(`engine.${property}`, `${seconds} s`, 'whole seconds, at least one')];
}

function text(duration: Duration): string {
  return `${duration.toSeconds({ integral: false })}s`;
}
