import { HeldObject } from './held-object';
import { Overrider } from './overriders';
import { problem } from '../../../problem';
import { Manifest } from '../../manifest';

/** Bytes of one policy's rules. etcd takes 1.5 MiB a request, and webhooks send the object twice. */
const MAX_POLICY_SIZE = 512 * 1024;

/** Bytes of the overriders of one object for one member: Karmada notes them in an annotation, and those end at 256 KiB. */
const MAX_APPLIED_SIZE = 250_000;

interface Rule {
  readonly targetCluster?: { readonly clusterNames: readonly string[] };
  readonly overriders: { readonly plaintext: readonly Overrider[] };
}

/**
 * The policies that turn what the API holds of an object into what each member gets. Every overrider hits every object that a policy
 * selects, so each object has its own.
 *
 * There is one even where nothing differs: applying a file removes nothing, and a difference that is no longer declared would stay in force.
 * There are more where one would be too big, each for other members; the first, which Karmada applies first, restores the template.
 */
export function overridePolicies(object: HeldObject): Manifest[] {
  const { manifest: { apiVersion, kind, metadata: { name } }, namespace, restoring, differences } = object;
  const first: Rule[] = restoring.length > 0 ? [{ overriders: { plaintext: restoring } }] : [];
  return parts(first, differences.map(({ members, changes }) => ({
    targetCluster: { clusterNames: members.map(({ node }) => node.id) }, overriders: { plaintext: changes },
  }))).map((overrideRules, index) => ({
    apiVersion: 'policy.karmada.io/v1alpha1',
    kind: namespace ? 'OverridePolicy' : 'ClusterOverridePolicy',
    metadata: { name: index === 0 ? object.name : `${object.name}-${index + 1}`, ...namespace && { namespace } },
    spec: { resourceSelectors: [{ apiVersion, kind, ...namespace && { namespace }, name }], overrideRules },
  }));
}

/** Differences that Karmada could not note beside what it gives to a member. */
export function sizeProblems({ differences, restoring }: HeldObject, where: string): string[] {
  return differences.flatMap(({ members: [member], changes }) => {
    const size = goSize([...restoring, ...changes]);
    return size <= MAX_APPLIED_SIZE ? [] : [problem(`${where} for ${member.node.id}`, `a difference of ${size} bytes`,
      `at most ${MAX_APPLIED_SIZE} bytes, which Karmada notes in an annotation; without a control plane (ManifestsEngine) it can be carried`)];
  });
}

function parts(first: Rule[], rules: Rule[]): Rule[][] {
  const all = [first];
  let size = byteSize(first);
  for (const rule of rules) {
    const ruleSize = byteSize(rule);
    if (size + ruleSize > MAX_POLICY_SIZE) {
      all.push([]);
      size = 0;
    }
    all[all.length - 1].push(rule);
    size += ruleSize;
  }
  return all;
}

function byteSize(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The bytes of a value as Go writes it, which escapes what HTML would read. */
function goSize(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, '\\u0000'));
}
