import { controllerName, fileExtension, gitOpsProblems } from './git-files';
import { GitOpsEngineProps } from './gitops-engine-props';
import { problem } from '../../../problem';
import { FederatedCluster, JoinMode } from '../../federated-cluster';
import { Manifest } from '../../manifest';
import type { FederationModel } from '../../model';
import { ManifestsEngine } from '../manifests';
import { withoutNamespace } from '../stated-namespaces';

const API_VERSION = 'argoproj.io/v1alpha1';

/** The cluster that Argo CD itself runs in, as Argo CD knows it. */
const IN_CLUSTER = { server: 'https://kubernetes.default.svc' };

/** Properties of an `ArgoCdEngine`. */
export interface ArgoCdEngineProps extends GitOpsEngineProps {
  /**
   * The branch, tag or commit that Argo CD follows: `source.targetRevision` of the Applications.
   *
   * @default HEAD
   */
  readonly targetRevision?: string;

  /**
   * The namespace of Argo CD, in the host and in members that pull.
   *
   * @default argocd
   */
  readonly namespace?: string;

  /**
   * Whether Argo CD undoes what others change in the members: `syncPolicy.automated.selfHeal`.
   *
   * @default true
   */
  readonly selfHeal?: boolean;
}

/**
 * Argo CD carries the members' files, which are those of a federation without a control plane, from a Git repository.
 *
 * The host's file gets an AppProject that admits the repository and the members and nothing else, and an ApplicationSet with
 * an Application for each member that is pushed to. It names the member's cluster by `FederatedClusterProps.credentials`: the
 * `name` in the cluster Secret of Argo CD (`argocd cluster add CONTEXT --name NAME`). In a member that pulls, an Argo CD of
 * its own takes the file; the member's file holds the AppProject and the Application for it.
 *
 * Members sync automatically and by server-side apply, except those that are paused. Nothing is deleted in a member without
 * `prune`, and never because the ApplicationSet or an Application is deleted.
 *
 * Refused at synth: URLs with credentials, paths out of the repository, a member that pulls and is paused, objects without a
 * namespace, a federation called `default`, as a project of Argo CD is.
 */
export class ArgoCdEngine extends ManifestsEngine {
  private readonly source: { readonly repoURL: string; readonly targetRevision: string; readonly path: string };

  private readonly namespace: string;

  private readonly automated: { readonly prune: boolean; readonly selfHeal: boolean };

  /**
   * @param props the repository, and how Argo CD syncs
   */
  public constructor(private readonly props: ArgoCdEngineProps) {
    super();
    this.source = { repoURL: props.repoUrl, targetRevision: props.targetRevision ?? 'HEAD', path: props.path };
    this.namespace = props.namespace ?? 'argocd';
    this.automated = { prune: props.prune ?? false, selfHeal: props.selfHeal ?? true };
  }

  /** @internal */
  public _delivers(member: FederatedCluster): boolean {
    return member.joinMode === JoinMode.PUSH;
  }

  /** @internal */
  public _problems(model: FederationModel): string[] {
    const { id } = model.federation.node;
    return [
      ...id === 'default' ? [problem('id', id, 'another name: Argo CD has a project of this one')] : [],
      ...gitOpsProblems(model, this.props, name => `argocd app set ${name} --sync-policy none`),
      ...withoutNamespace(model, 'Argo CD', model.federation.members),
    ];
  }

  /** @internal */
  public _memberManifests(model: FederationModel, member: FederatedCluster): Manifest[] {
    const file = super._memberManifests(model, member);
    return member.joinMode === JoinMode.PUSH ? file : [...file, this.project(model, [IN_CLUSTER]), this.application(model, member)];
  }

  /** @internal */
  public _hostManifests(model: FederationModel): Manifest[] {
    const pushed = model.federation.members.filter(({ joinMode }) => joinMode === JoinMode.PUSH);
    return pushed.length === 0 ? [] : [
      this.project(model, pushed.map(({ credentials }) => ({ name: credentials }))),
      this.applicationSet(model, pushed),
    ];
  }

  private project(model: FederationModel, destinations: object[]): Manifest {
    return {
      apiVersion: API_VERSION,
      kind: 'AppProject',
      metadata: { name: model.federation.node.id, namespace: this.namespace },
      spec: {
        sourceRepos: [this.source.repoURL],
        destinations: destinations.map(destination => ({ ...destination, namespace: '*' })),
        // a project admits no kind without a namespace unless it is told to, Namespaces included
        clusterResourceWhitelist: [{ group: '*', kind: '*' }],
      },
    };
  }

  private application(model: FederationModel, member: FederatedCluster): Manifest {
    const { syncPolicy, ...spec } = this.applicationSpec(model, `${member.node.id}${fileExtension(model)}`, IN_CLUSTER);
    return {
      apiVersion: API_VERSION,
      kind: 'Application',
      metadata: { name: controllerName(member), namespace: this.namespace },
      spec: { ...spec, syncPolicy: { automated: { ...this.automated }, ...syncPolicy } },
    };
  }

  private applicationSet(model: FederationModel, members: FederatedCluster[]): Manifest {
    const { id } = model.federation.node;
    return {
      apiVersion: API_VERSION,
      kind: 'ApplicationSet',
      metadata: { name: id, namespace: this.namespace },
      spec: {
        goTemplate: true,
        goTemplateOptions: ['missingkey=error'],
        generators: [{ list: { elements: members.map(({ node, credentials, paused }) => ({ member: node.id, cluster: credentials, paused })) } }],
        syncPolicy: { preserveResourcesOnDeletion: true },
        template: {
          metadata: { name: `${id}-{{ .member }}` },
          spec: this.applicationSpec(model, `{{ .member }}${fileExtension(model)}`, { name: '{{ .cluster }}' }),
        },
        templatePatch: this.automatedUnlessPaused,
      },
    };
  }

  private applicationSpec(model: FederationModel, file: string, destination: object) {
    return {
      project: model.federation.node.id,
      source: { ...this.source, directory: { include: file } },
      destination: { ...destination },
      syncPolicy: {
        syncOptions: ['ServerSideApply=true'],
        // a quarter of an hour; what fails longer waits for the next commit
        retry: { limit: 5, backoff: { duration: '30s', factor: 2, maxDuration: '10m' } },
      },
    };
  }

  /** A patch, since the fields of a template that are not text can't depend on an element. */
  private get automatedUnlessPaused(): string {
    return [
      '{{- if .paused }}',
      '{}',
      '{{- else }}',
      'spec:',
      '  syncPolicy:',
      '    automated:',
      `      prune: ${this.automated.prune}`,
      `      selfHeal: ${this.automated.selfHeal}`,
      '{{- end }}',
      '',
    ].join('\n');
  }
}
