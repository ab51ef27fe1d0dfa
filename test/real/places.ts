import type { Place } from './pool';
import type { NodeOptions } from './site-node';

/** The sites' networks: T-Systems can only connect outwards. */
export const SITES = {
  'condor-host': { cidr: '10.1.0.0/16' },
  'meyrin': { cidr: '10.2.0.0/16' },
  'tsystems': { cidr: '10.3.0.0/16', nat: true },
};

const FIRST_NODE = { 'condor-host': 'host-1', 'meyrin': 'node-1', 'tsystems': 'otc-1' };

type SiteName = keyof typeof SITES;

/** Where a pool's host and these members stand, with a node each. */
export function places<M extends SiteName>(members: readonly M[], node: NodeOptions = {}): { readonly [site in M | 'condor-host']: Place } {
  const sites = ['condor-host', ...members] as const;
  return Object.fromEntries(sites.map(site => [site, { ...SITES[site], nodes: { [FIRST_NODE[site]]: node } }])) as { [site in M | 'condor-host']: Place };
}
