import * as fs from 'fs';
import * as path from 'path';
import { run } from '../command';

/** Files of a key and of the certificate that vouches for it. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate vouches for. */
export interface CertificateOptions {
  /** The user that the API server takes a client for; of a server, just a name. */
  readonly user: string;
  /** The user's groups. */
  readonly groups?: string[];
  /** Names that a server is reached by. */
  readonly names?: string[];
  /** Addresses that a server is reached by. */
  readonly addresses?: string[];
}

// Without it openssl would add what the machine's own configuration says.
const CONFIGURATION = '[req]\ndistinguished_name = dn\n[dn]\n';
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '365'];

/** A certificate authority: a directory of keys and certificates. */
export class Authority {
  public static async make(directory: string, name: string): Promise<Authority> {
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    fs.writeFileSync(path.join(directory, 'openssl.cnf'), CONFIGURATION);
    const authority = new Authority(directory, name);
    await run(['openssl', 'req', '-x509', '-config', path.join(directory, 'openssl.cnf'), ...EC,
      '-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign',
      '-keyout', authority.key, '-out', authority.certificate]);
    return authority;
  }

  public readonly certificate: string;
  public readonly key: string;

  private constructor(private readonly directory: string, name: string) {
    this.certificate = path.join(directory, `${name}.crt`);
    this.key = path.join(directory, `${name}.key`);
  }

  /** Makes a key and a certificate for it, good for a client and, with names or addresses, for a server. */
  public async issue(name: string, options: CertificateOptions): Promise<KeyPair> {
    const pair = { certificate: path.join(this.directory, `${name}.crt`), key: path.join(this.directory, `${name}.key`) };
    const subject = [...(options.groups ?? []).map(group => `/O=${group}`), `/CN=${options.user}`].join('');
    const alternatives = [
      ...(options.names ?? []).map(dns => `DNS:${dns}`),
      ...(options.addresses ?? []).map(address => `IP:${address}`),
    ];
    await run(['openssl', 'req', '-x509', '-config', path.join(this.directory, 'openssl.cnf'), ...EC,
      '-CA', this.certificate, '-CAkey', this.key, '-subj', subject,
      '-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'keyUsage=critical,digitalSignature',
      '-addext', `extendedKeyUsage=clientAuth${alternatives.length ? ',serverAuth' : ''}`,
      ...alternatives.length ? ['-addext', `subjectAltName=${alternatives.join(',')}`] : [],
      '-keyout', pair.key, '-out', pair.certificate]);
    return pair;
  }
}

/** Makes a key that signs tokens; the public half is what verifies them. */
export async function signingKey(directory: string, name: string): Promise<{ readonly key: string; readonly publicKey: string }> {
  const key = path.join(directory, `${name}.key`);
  const publicKey = path.join(directory, `${name}.pub`);
  await run(['openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-out', key]);
  await run(['openssl', 'pkey', '-in', key, '-pubout', '-out', publicKey]);
  return { key, publicKey };
}
