import { onlyFields } from './manifest';
import { quantity } from './quantity';
import type { SiteNode } from './site-node';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** What a pod takes of a node: the sum of its containers, or its largest init container. */
export function requests(spec: any): { cpu: number; memory: number } {
  const of = (container: any, resource: 'cpu' | 'memory') =>
    quantity(container.resources?.requests?.[resource] ?? container.resources?.limits?.[resource] ?? '0');
  const sum = (resource: 'cpu' | 'memory') => Math.max(
    (spec.containers as any[]).reduce((total, container) => total + of(container, resource), 0),
    ...(spec.initContainers ?? []).map((container: any) => of(container, resource)),
  );
  return { cpu: sum('cpu'), memory: sum('memory') };
}

function expressionMatches(expression: any, value: string | undefined): boolean {
  const values: string[] = expression.values ?? [];
  switch (expression.operator) {
    case 'In': return value !== undefined && values.includes(value);
    case 'NotIn': return value === undefined || !values.includes(value);
    case 'Exists': return value !== undefined;
    case 'DoesNotExist': return value === undefined;
    case 'Gt': return Number(value) > Number(values[0]);
    case 'Lt': return Number(value) < Number(values[0]);
    default: throw new Error(`no such operator: ${expression.operator}`);
  }
}

function affinityMatches(spec: any, node: SiteNode): boolean {
  onlyFields(spec.affinity, 'affinity', { nodeAffinity: 'honoured', podAffinity: 'honoured', podAntiAffinity: 'honoured' });
  for (const kind of ['podAffinity', 'podAntiAffinity']) {
    // A preference changes nothing where there is hardly a choice.
    onlyFields(spec.affinity?.[kind], kind, { preferredDuringSchedulingIgnoredDuringExecution: 'no effect' });
  }
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || required.nodeSelectorTerms.some((term: any) =>
    (term.matchExpressions ?? []).every((expression: any) => expressionMatches(expression, node.labels[expression.key]))
    && (term.matchFields ?? []).every((expression: any) => expressionMatches(expression, node.name)));
}

function tolerated(taint: SiteNode['taints'][number], tolerations: any[]): boolean {
  return taint.effect === 'PreferNoSchedule' || tolerations.some(toleration =>
    (!toleration.effect || toleration.effect === taint.effect)
    && (!toleration.key || toleration.key === taint.key)
    && (toleration.operator === 'Exists' || (toleration.key && (toleration.value ?? '') === (taint.value ?? ''))));
}

/** Whether a pod wants the node and the node lets it. */
export function mayRunOn(spec: any, node: SiteNode): boolean {
  return Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => node.labels[key] === value)
    && affinityMatches(spec, node)
    && node.taints.every(taint => tolerated(taint, spec.tolerations ?? []));
}

/** Why a pod doesn't fit on a node beside others; undefined if it does. */
export function whyNotFitting(spec: any, others: any[], node: SiteNode): string | undefined {
  const wanted = requests(spec);
  for (const resource of ['cpu', 'memory'] as const) {
    const used = others.reduce((total: number, other) => total + requests(other)[resource], 0);
    const all = quantity(node.allocatable[resource]);
    if (used + wanted[resource] > all) {
      return `insufficient ${resource} on ${node.name}: ${wanted[resource]} wanted, ${all - used} of ${all} left`;
    }
  }
  return undefined;
}
