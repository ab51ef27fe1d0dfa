import { isDeepStrictEqual } from 'util';
import { undeclaredNamespaces } from './namespaces';
import { memberProblems } from './reachable-members';
import { ControlPlane, controlPlane } from './v1-control-plane';
import { joinedCluster, joinedMember, MEMBER_LABEL } from './v1-join';
import { problem } from '../../../problem';
import type { CarriedObject } from '../../carried';
import type { FederatedCluster } from '../../federated-cluster';
import { identity, Manifest } from '../../manifest';
import type { FederationModel } from '../../model';
import { FederationEngine } from '../engine';

/** What v1 copies to its members as it is, and the API versions in which it takes it. The last one is the federation's own. */
const COPIED: { readonly [kind: string]: readonly string[] } = {
  ConfigMap: ['v1'],
  DaemonSet: ['apps/v1', 'extensions/v1beta1'],
  Namespace: ['v1'],
  Secret: ['v1'],
  Service: ['v1'],
};

/** What v1 knows and deals out: each member would get a part of the replicas. */
const DEALT_OUT = new Set(['Deployment', 'HorizontalPodAutoscaler', 'Job', 'ReplicaSet']);

const CLUSTER_SELECTOR = 'federation.alpha.kubernetes.io/cluster-selector';

/** Properties of a `KubeFedV1Engine`. */
export interface KubeFedV1EngineProps {
  /** `kubefed init --dns-provider`, which it insisted on: `coredns`, `google-clouddns`, `aws-route53` or another that the image knew. */
  readonly dnsProvider: string;

  /**
   * `kubefed init --dns-zone-name`: the zone of the federation's Services, for instance `fed.cern.ch.`.
   *
   * @default - none
   */
  readonly dnsZone?: string;

  /**
   * Whether `kubefed init` was given a `--dns-provider-config`: the Secret `federation-dns-provider.conf`, which is made by hand, is mounted.
   *
   * @default false
   */
  readonly dnsProviderConfig?: boolean;

  /**
   * `kubefed init --image`: the image of the federation's API server and controller manager.
   *
   * @default gcr.io/k8s-jkns-e2e-gce-federation/fcp-amd64:v1.10.0-alpha.0
   */
  readonly image?: string;
}

/**
 * KubeFed v1 (`federation/v1beta1`), as the talk ran it: what `kubefed init` and `kubefed join` made, object by object.
 *
 * No Kubernetes of today can run it: its last release is of February 2018, and it needs APIs that Kubernetes 1.16 removed.
 * It is here to compare with, and to migrate from.
 *
 * The control plane is in the host's file, the members' Clusters and the objects of the federation are in its own file, and
 * the account of the control plane is in each member's. Secrets that `kubefed` generated are named, and not written.
 * A placement becomes the annotation `federation.alpha.kubernetes.io/cluster-selector`; a DaemonSet is written as
 * `extensions/v1beta1`.
 *
 * Refused at synth: overrides, which v1 doesn't have; kinds other than ConfigMap, DaemonSet, Namespace, Secret and Service;
 * objects in namespaces that the federation doesn't declare for the same members; members that pull, are paused or have no `apiServer`.
 */
export class KubeFedV1Engine extends FederationEngine {
  private readonly options: Omit<ControlPlane, 'federation'>;

  /**
   * @param props what `kubefed init` was told
   */
  public constructor(props: KubeFedV1EngineProps) {
    super();
    this.options = {
      image: props.image ?? 'gcr.io/k8s-jkns-e2e-gce-federation/fcp-amd64:v1.10.0-alpha.0',
      dnsProvider: props.dnsProvider,
      dnsZone: props.dnsZone ?? '',
      dnsProviderConfig: props.dnsProviderConfig ?? false,
    };
  }

  /** @internal */
  public get _carries(): boolean {
    return true;
  }

  /** @internal */
  public _problems(model: FederationModel): string[] {
    return [
      ...this.options.dnsProvider ? [] : [problem('engine.dnsProvider', this.options.dnsProvider, 'the name of a DNS provider, as kubefed init insists on')],
      ...model.carriedProblems,
      ...memberProblems(model),
      ...model.carried.flatMap(objectProblems),
      ...undeclaredNamespaces(model, model.carried, new Set()),
    ];
  }

  /** @internal */
  public _memberManifests(_model: FederationModel, member: FederatedCluster): Manifest[] {
    return joinedMember(member, this.options.dnsZone);
  }

  /** @internal */
  public _hostManifests(model: FederationModel): Manifest[] {
    return controlPlane({ ...this.options, federation: model.federation.node.id });
  }

  /** @internal */
  public _federationManifests(model: FederationModel): Manifest[] {
    const { members } = model.federation;
    return [
      ...members.map(joinedCluster),
      ...model.carried.map(({ template, results }) =>
        placed(asV1(template), results.size < members.length ? [...results.keys()] : undefined)),
    ];
  }
}

function objectProblems({ template, results }: CarriedObject): string[] {
  const key = identity(template);
  const problems: string[] = [];
  if (!COPIED[template.kind]?.includes(template.apiVersion)) {
    problems.push(DEALT_OUT.has(template.kind)
      ? `${key}: KubeFed v1 deals replicas out to its members instead of giving each its own; KubeFed v2, Karmada and Open Cluster Management can`
      : problem(`${key} apiVersion and kind`, `${template.apiVersion} ${template.kind}`,
        `${kindsText()}; KubeFed v2, Karmada and Open Cluster Management carry others`));
  }
  const different = [...results].filter(([, result]) => !isDeepStrictEqual(result, template)).map(([member]) => member.node.id);
  if (different.length > 0) {
    problems.push(`${key} differs in ${different.slice(0, 3).join(', ')}${different.length > 3 ? ` and ${different.length - 3} more` : ''}: `
      + 'KubeFed v1 has no overrides; KubeFed v2, Karmada and Open Cluster Management can bring them');
  }
  return problems;
}

function kindsText(): string {
  return Object.entries(COPIED).map(([kind, versions]) => `${kind} (${versions.join(', ')})`).join(', ');
}

/** `extensions/v1beta1` waits for pods to be deleted by hand unless it is told otherwise. */
function asV1(manifest: Manifest): Manifest {
  if (manifest.apiVersion !== 'apps/v1') { return manifest; }
  return { ...manifest, apiVersion: 'extensions/v1beta1', spec: { updateStrategy: { type: 'RollingUpdate' }, ...manifest.spec as object } };
}

function placed(manifest: Manifest, members?: FederatedCluster[]): Manifest {
  if (!members) { return manifest; }
  const selector = [{ key: MEMBER_LABEL, operator: 'in', values: members.map(member => member.node.id) }];
  const annotations = { ...manifest.metadata.annotations as object, [CLUSTER_SELECTOR]: JSON.stringify(selector) };
  return { ...manifest, metadata: { ...manifest.metadata, annotations } };
}
