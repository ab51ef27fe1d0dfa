import { Places } from './testbed';

/** The prefix of the testbed that the commands start and take down. */
export const LASTING = 'hepbed';

/** Where the clusters of the main example stand, examples/cern-tsystems: the cloud is behind NAT. */
export const EXAMPLE: Places = {
  'condor-host': { cidr: '10.1.0.0/16', nodes: ['host-1'] },
  'meyrin': { cidr: '10.2.0.0/16', nodes: ['node-1'] },
  'tsystems': { cidr: '10.3.0.0/16', nat: true, nodes: ['otc-1', 'otc-2'] },
};
