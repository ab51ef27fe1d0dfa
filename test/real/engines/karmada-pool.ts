import * as fs from 'fs';
import * as path from 'path';
import { run } from '../command';
import { Estate } from '../estate';
import { KeyPair } from '../kubernetes/certificates';
import { Testbed } from '../kubernetes/testbed';
import { TestbedPool } from '../nodes/testbed-pool';
import { until } from '../until';
import { KarmadaControlPlane } from './karmada-control-plane';

/** Where Karmada keeps what it signs in by, in its API and in members that it pushes to. */
const CLUSTER_NAMESPACE = 'karmada-cluster';

/** Files of a program, by the contexts that they are applied to. */
export type Files = { readonly [context: string]: string };

/** What a Secret holds. */
type Data = { readonly [key: string]: string };

const FLEET = 'startd';

/** A program's files, which it writes into a folder. */
export function filesOf(testbed: Testbed, program: (outdir: string) => void): Files {
  const outdir = fs.mkdtempSync(path.join(Estate.directory(testbed.prefix), 'synth-'));
  program(outdir);
  return Object.fromEntries(fs.readdirSync(outdir).map(file => [file.replace(/\.k8s\.yaml$/, ''), fs.readFileSync(path.join(outdir, file), 'utf8')]));
}

/** The Secrets of a member that Karmada pushes to, with the tokens that the member has filled in. */
export async function credentials(member: string, read: (secret: string) => Promise<Data | undefined>): Promise<object[]> {
  const [own, impersonator] = await Promise.all([`karmada-${member}`, 'karmada-impersonator'].map(async account => {
    let data: Data = {};
    await until(`${member}: the token of ${account} is there`, async () => {
      data = await read(account) ?? {};
      return data.token !== undefined;
    });
    return data;
  }));
  return [
    secret(CLUSTER_NAMESPACE, member, { token: own.token, caBundle: own['ca.crt'] }),
    secret(CLUSTER_NAMESPACE, `${member}-impersonator`, { token: impersonator.token }),
  ];
}

/** Has Karmada sign a certificate for a member's agent, and keeps both in a folder. */
export async function agentIdentity(karmada: KarmadaControlPlane, member: string, directory: string): Promise<KeyPair> {
  const name = `agent-${member}`;
  const [key, request, certificate] = ['key', 'csr', 'crt'].map(end => path.join(directory, `${name}.${end}`));
  await run(['openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-subj', `/O=system:karmada:agents/CN=system:karmada:agent:${member}`,
    '-keyout', key, '-out', request]);
  await karmada.apply([{
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request: fs.readFileSync(request).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
  }]);
  await karmada.run(['certificate', 'approve', name]);
  let signed: string | undefined;
  await until('the certificate is signed', async () => {
    signed = (await karmada.get('csr', name)).status.certificate;
    return signed !== undefined;
  });
  fs.writeFileSync(certificate, Buffer.from(signed!, 'base64'));
  return { certificate, key };
}

/** A pool whose fleet Karmada brings to the members: one that it pushes to, and one that pulls. */
export class KarmadaPool extends TestbedPool {
  /** Follows docs/engines/karmada.md until every machine is in the pool. */
  public static async bring(testbed: Testbed, karmada: KarmadaControlPlane, files: Files): Promise<KarmadaPool> {
    const pool = new KarmadaPool(testbed, karmada, files);
    const hosting = pool.startHost();
    await Promise.all(pool.members.map(member => testbed.cluster(member).apply(files[member])));
    await karmada.apply(files.fed);
    await Promise.all([pool.pushTo('meyrin'), pool.letPull('tsystems')]);
    await hosting;
    await Promise.all(pool.members.map(async member => {
      await until(`${member}: the fleet has arrived`, async () =>
        (await testbed.cluster(member).kubectl(['get', 'daemonset', FLEET, '--namespace', pool.namespace])).status === 0);
      await pool.admit(member, [FLEET]);
    }));
    return pool;
  }

  private constructor(testbed: Testbed, private readonly karmada: KarmadaControlPlane, files: Files) {
    super(testbed, files, {});
  }

  public get members(): string[] {
    return ['meyrin', 'tsystems'];
  }

  /** What a cluster's people do before it is labelled: Karmada gets its tokens, and its machines get theirs for the pool. */
  public async prepare(member: string): Promise<void> {
    await Promise.all([this.pushTo(member), this.giveToken(member, FLEET)]);
  }

  private async pushTo(member: string): Promise<void> {
    await this.karmada.apply(await credentials(member, async account =>
      (await this.testbed.cluster(member).get('secret', account, '--namespace', CLUSTER_NAMESPACE)).data));
  }

  /** Gives a member's agent the certificate that Karmada signs for it. */
  private async letPull(member: string): Promise<void> {
    const { certificate, key } = await agentIdentity(this.karmada, member, Estate.directory(this.testbed.prefix));
    const data = (file: string) => fs.readFileSync(file).toString('base64');
    await this.testbed.cluster(member).apply([secret('karmada-system', member, { 'tls.crt': data(certificate), 'tls.key': data(key) })]);
  }
}

function secret(namespace: string, name: string, data: Data): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, data };
}
