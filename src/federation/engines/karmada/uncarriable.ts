import { discoveredVersion } from './discovered-version';
import { HeldObject } from './held-object';
import { isHollow } from './hollow';
import { sizeProblems } from './override-policies';
import { nameProblem } from './policy-name';
import { problem } from '../../../problem';
import { apiGroup } from '../../kinds';
import { identity, Manifest } from '../../manifest';
import type { FederationModel } from '../../model';
import { ApiResources } from '../api-resources';

const WITHOUT = 'without a control plane (ManifestsEngine) it can be carried';

const ACTS_THERE = 'it would act on the Karmada API, which holds it';
const PASSED_OVER = 'Karmada passes it over';

/** What Karmada doesn't bring to members, by API group, and by kind where only one of the group's is meant. */
const UNCARRIED: { readonly [what: string]: string } = {
  'admissionregistration.k8s.io': ACTS_THERE,
  'apiregistration.k8s.io': ACTS_THERE,
  'flowcontrol.apiserver.k8s.io': ACTS_THERE,
  'CertificateSigningRequest.certificates.k8s.io': ACTS_THERE,
  'authentication.k8s.io': PASSED_OVER,
  'authorization.k8s.io': PASSED_OVER,
  'coordination.k8s.io': PASSED_OVER,
  'events.k8s.io': PASSED_OVER,
  'Event.': PASSED_OVER,
};

/** Karmada's own API groups. */
const OWN_GROUP = /(^|\.)karmada\.io$/;

/** Namespaces whose objects Karmada leaves alone: its own, and those of `--skipped-propagating-namespaces`, by default `kube-.*`. */
const RESERVED = 'kube-*, karmada-system, karmada-cluster, karmada-es-*';
const RESERVED_NAMESPACE = /^(kube-.*|karmada-system|karmada-cluster|karmada-es-.*)$/;

/**
 * What Karmada takes off on the way to a member, for all kinds or for one. The `ttlSecondsAfterFinished` of a Job is not among it: Karmada
 * takes it off as well, and deletes the Job in all members when its own has been finished for so long.
 */
const TAKEN_OFF: readonly { readonly kind?: string; readonly path: readonly string[]; readonly except?: string }[] = [
  { path: ['metadata', 'finalizers'] },
  { path: ['metadata', 'ownerReferences'] },
  { path: ['status'] },
  { kind: 'Service.', path: ['spec', 'clusterIP'], except: 'None' },
];

/** Why Karmada can't bring objects of the federation to members. */
export function uncarriable(model: FederationModel, objects: readonly HeldObject[]): string[] {
  const resources = ApiResources.of(model);
  const paths = new Map(model.objects.map(({ source, template }) => [identity(template), source.node.path]));
  const where = (manifest: Manifest) => paths.get(identity(manifest))!;
  return [
    ...objects.flatMap(({ template }) => [kindProblem, versionProblem, namespaceProblem, ({}, at: string) => nameProblem(template, at)]
      .map(check => check(template, where(template), resources)).filter(found => found !== undefined)),
    ...bindingProblems(objects, where),
    ...objects.flatMap(object => [...takenOff(object, where(object.template)), ...sizeProblems(object, where(object.template))]),
  ];
}

function kindProblem({ apiVersion, kind, spec }: Manifest, where: string): string | undefined {
  const group = apiGroup(apiVersion);
  const defines = kind === 'CustomResourceDefinition' ? (spec as { group?: string } | undefined)?.group : undefined;
  if ([group, defines ?? ''].some(name => OWN_GROUP.test(name))) {
    return problem(`${where} group`, defines ?? group, "a group that isn't Karmada's own");
  }
  const reason = UNCARRIED[group] ?? UNCARRIED[`${kind}.${group}`];
  return reason && problem(`${where} kind`, `${kind} (${apiVersion})`, `kinds that Karmada carries: ${reason}; ${WITHOUT}`);
}

function versionProblem(manifest: Manifest, where: string, resources: ApiResources): string | undefined {
  const { apiVersion, kind } = manifest;
  const discovered = discoveredVersion(manifest, resources);
  return discovered === undefined || discovered === apiVersion ? undefined
    : problem(`${where} apiVersion`, apiVersion, `${discovered}: Karmada sees ${kind} by the version that its API prefers`);
}

function namespaceProblem(manifest: Manifest, where: string, resources: ApiResources): string | undefined {
  const { kind, metadata: { name, namespace } } = manifest;
  if (kind === 'Namespace' && RESERVED_NAMESPACE.test(name)) {
    return problem(`${where} name`, name, `a namespace that isn't reserved (${RESERVED}); ${WITHOUT}`);
  }
  if (!resources.isNamespaced(manifest)) { return undefined; }
  if (namespace === undefined) {
    return problem(`${where} namespace`, namespace, `the name of a namespace: the Karmada API holds a ${kind} in one`);
  }
  return RESERVED_NAMESPACE.test(namespace)
    ? problem(`${where} namespace`, namespace, `a namespace whose objects Karmada carries (not ${RESERVED}); ${WITHOUT}`)
    : undefined;
}

/** Karmada tells the objects of a kind and a namespace apart by less than Kubernetes does. */
function bindingProblems(objects: readonly HeldObject[], where: (manifest: Manifest) => string): string[] {
  const first = new Map<string, Manifest>();
  return objects.flatMap(({ template, namespace, name }) => {
    const other = first.get(`${namespace}/${name}`);
    if (!other) { first.set(`${namespace}/${name}`, template); }
    return other ? [problem(`${where(template)} name`, template.metadata.name,
      `a name of its own: Karmada would name its ResourceBinding ${JSON.stringify(name)}, as that of ${where(other)}`)] : [];
  });
}

function takenOff({ template, results }: HeldObject, where: string): string[] {
  const kind = `${template.kind}.${apiGroup(template.apiVersion)}`;
  return TAKEN_OFF.filter(field => field.kind === undefined || field.kind === kind).flatMap(({ path, except }) => {
    const given = [template, ...results.values()].map(manifest => valueAt(manifest, path)).find(value => !isHollow(value) && value !== except);
    const allowed = except ? `${JSON.stringify(except)} or nothing` : 'nothing';
    return given === undefined ? [] : [problem(`${where} ${path.join('.')}`, given, `${allowed}: Karmada takes it off; ${WITHOUT}`)];
  });
}

function valueAt(manifest: Manifest, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, field) => (value as { [field: string]: unknown } | undefined)?.[field], manifest);
}
