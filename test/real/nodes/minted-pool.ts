import { randomBytes } from 'crypto';
import * as fs from 'fs';
import { Duration, Size } from 'cdk8s';
import { TestbedPool } from './testbed-pool';
import { Alarms, Dashboards, JoinMode, StartdFleet, TokenAuthorization, TokenMint } from '../../../src';
import { Testbed } from '../kubernetes/testbed';
import { quickPool } from '../quick-pool';

const NAMESPACE = 'condor';

/** Where else in the host a token is used, beside other credentials. */
export const USED_IN = 'recast';

/** How old tokens may be until somebody is told: as soon as what is renewed each minute is looked at, and told a minute before it expires. */
export const TOLD_AFTER = Duration.minutes(2);

/** A pool whose tokens a mint makes: meyrin is pushed to, tsystems, which nobody reaches, pulls. Its alarms are all there can be. */
export function mintedProgram(testbed: Testbed, ...revoked: string[]): (outdir: string) => void {
  const [host, meyrin] = ['condor-host', 'meyrin'].map(name => testbed.cluster(name));
  const authorities = (cluster: typeof host) => fs.readFileSync(cluster.controlPlane.authority.certificate, 'utf8');
  return outdir => {
    const { app, host: hostCluster, federation, members, pool } = quickPool(outdir, {
      meyrin: { apiServer: meyrin.publicServer, caBundle: authorities(meyrin) },
      tsystems: { joinMode: JoinMode.PULL },
    }, { memberSigningKeys: true });
    const startd = new StartdFleet(federation, 'startd', { pool, cpus: 1, memory: Size.mebibytes(1000) });
    const mint = new TokenMint(hostCluster, 'tokens', {
      pool, apiServer: host.publicServer, caBundle: authorities(host), interval: Duration.minutes(30), lifetime: Duration.hours(2),
    });
    [members.meyrin, members.tsystems].forEach(member => mint.deliver(startd, member));
    mint.addRole('monitoring', { identity: 'monitoring@cern.ch', authorizations: [TokenAuthorization.READ] });
    mint.addRole('recast', {
      identity: 'recast@cern.ch',
      authorizations: [TokenAuthorization.READ, TokenAuthorization.WRITE],
      namespace: USED_IN,
      secret: { secretName: 'wflow-engine-credentials', key: 'batch' },
    });
    new Alarms(hostCluster, 'alarms', {
      federation,
      namespace: NAMESPACE,
      interval: Duration.seconds(5),
      condor: {},
      tokens: { mints: ['tokens'], interval: Duration.seconds(50), lifetime: Duration.seconds(TOLD_AFTER.toSeconds() + 60), warning: Duration.minutes(1) },
      workflows: {},
      logs: {},
      options: { HTCondorTokensNotRenewed: { holds: Duration.seconds(10) } },
    });
    new Dashboards(hostCluster, 'boards', { namespace: NAMESPACE });
    revoked.forEach(member => pool.revoke(member));
    app.synth();
  };
}

/** Its keys and credentials are made by the commands of docs/credentials.md. */
export class MintedPool extends TestbedPool {
  protected async startHost(): Promise<void> {
    // the central manager takes the keys that are there when its pod starts
    await this.host.apply(this.manifests('condor-host').filter(({ kind }) => kind === 'Namespace'));
    for (const member of this.members) {
      await this.host.run(['create', 'secret', 'generic', `condor-signing-key-${member}`, '--namespace', NAMESPACE, '--from-file=key=/dev/stdin'], {
        input: randomBytes(64).toString('base64'),
      });
    }
    await this.host.run(['create', 'secret', 'generic', 'tokens.monitoring', '--namespace', NAMESPACE]);
    await this.host.run(['create', 'namespace', USED_IN]);
    await this.host.run(['create', 'secret', 'generic', 'wflow-engine-credentials', '--namespace', USED_IN, '--from-literal=cloud.tsystems=kept']);
    await super.startHost();
  }

  protected async admit(member: string): Promise<void> {
    const cluster = this.testbed.cluster(member);
    await cluster.run(['create', 'secret', 'generic', 'startd-token', '--namespace', NAMESPACE]);
    const pulls = member === 'tsystems';
    const [from, to, account, secret] = pulls ? [this.host, cluster, 'tokens.tsystems', 'tokens.host'] : [cluster, this.host, 'tokens', `tokens.${member}`];
    if (pulls) { await this.host.run(['create', 'secret', 'generic', `tokens.${member}.startd`, '--namespace', NAMESPACE]); }
    const credential = await from.run(['create', 'token', account, '--namespace', NAMESPACE, '--duration', '8760h']);
    await to.run(['create', 'secret', 'generic', secret, '--namespace', NAMESPACE, '--from-file=token=/dev/stdin'], { input: credential });
  }
}
