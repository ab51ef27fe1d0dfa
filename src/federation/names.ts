import { createHash } from 'crypto';
import { ApiObject, Chart } from 'cdk8s';
import { IConstruct } from 'constructs';
import { Placement } from './placement';

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** Children of this id stand for their parent, as in cdk8s. */
const HIDDEN_IDS = new Set(['resource', 'default']);

/** What a name that becomes part of a host name may look like (RFC 1123). */
export function isDnsLabel(name: string, maxLength = 63): boolean {
  return name.length <= maxLength && DNS_LABEL.test(name);
}

/** What a name of most objects may look like: DNS labels, joined by dots. */
export function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && name.split('.').every(label => isDnsLabel(label));
}

/**
 * The name of an object: the path below its chart, readable, without a hash.
 *
 * The chart and the placement stay out of it, so the same workload has the same name in every
 * cluster and keeps it when it moves from one placement to another.
 */
export function objectName(object: ApiObject): string {
  const words: string[] = [];
  for (const construct of pathBelowChart(object)) {
    const word = construct.node.id.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
    if (word && !HIDDEN_IDS.has(word) && words[words.length - 1] !== word) { words.push(word); }
  }
  // the CronJob controller appends 11 characters to the names of its Jobs
  const maxLength = object.kind === 'CronJob' ? 52 : 63;
  const name = words.join('-') || object.kind.toLowerCase();
  if (name.length <= maxLength) { return name; }
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, maxLength - 9).replace(/-+$/, '')}-${digest}`;
}

function pathBelowChart(object: ApiObject): IConstruct[] {
  const chart = Chart.of(object);
  const scopes = object.node.scopes;
  return scopes.slice(scopes.indexOf(chart) + 1).filter(scope => !Placement.isPlacement(scope));
}
