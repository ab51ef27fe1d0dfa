import { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { sessionImages } from './reana-sessions';
import { ReanaSettings } from './reana-settings';
import type { FirewallRule } from '../workload/firewall-rules';
import { declareTraffic } from '../workload/traffic';

/** A Service is no way out of the cluster. */
const SERVICE = /[.]svc([.]cluster[.]local)?$/;

/** What nodes pull for a part of REANA. */
export function declareImages(scope: Construct, ...references: string[]): void {
  declareTraffic(scope, { images: () => references.map(reference => ({ reference, clusters: [Chart.of(scope).node.id] })) });
}

/** What nodes pull for REANA's own programs, and whom they call that stands elsewhere. What a platform is made of besides says its images itself. */
export function declarePlatformTraffic(scope: Construct, settings: ReanaSettings): void {
  const from = Chart.of(scope).node.id;
  const references = [...Object.values(settings.images), ...sessionImages(settings.props.sessions ?? {}).map(({ image }) => image)];
  declareTraffic(scope, {
    connections: () => connections(settings).map(rule => ({ from, protocol: 'TCP', ...rule })),
    images: () => references.map(reference => ({ reference, clusters: [from] })),
  });
}

function connections({ database, messageBroker, cache, props: { notifications, login, kerberos } }: ReanaSettings): Omit<FirewallRule, 'from' | 'protocol'>[] {
  const { keycloak } = login ?? {};
  const services = [
    { ...place(database), reason: 'REANA and its workflows keep their records' },
    { ...place(messageBroker), reason: 'REANA and its workflows tell each other what happens' },
    { ...place(cache), reason: 'REANA keeps the sessions of its users' },
  ].filter(({ address, podLabels }) => !podLabels && !SERVICE.test(address)).map(({ podLabels, ...rule }) => rule);
  return [
    ...services,
    ...notifications ? [{ address: notifications.smtpServer, port: notifications.smtpPort ?? 587, reason: 'REANA sends mail' }] : [],
    ...keycloak ? [keycloak.realmUrl, keycloak.accessTokenUrl, keycloak.userinfoUrl].flatMap(keycloakRule) : [],
    ...(kerberos?.kdcs ?? []).map(address => ({ address, port: 88, reason: 'workflows get Kerberos tickets' })),
  ];
}

function place({ host, port, podLabels }: { readonly host: string; readonly port: number; readonly podLabels?: object }) {
  return { address: host, port, podLabels };
}

/** The server asks Keycloak who somebody is; users' browsers do the rest. */
function keycloakRule(url: string | undefined): Omit<FirewallRule, 'from' | 'protocol'>[] {
  if (url === undefined || !URL.canParse(url)) { return []; }
  const { hostname, port } = new URL(url);
  return [{ address: hostname, port: Number(port || 443), reason: 'REANA asks who logs in' }];
}
