import * as fs from 'fs';
import { KeyPair } from './certificates';

/** What a client needs in order to talk to one API server. */
export interface Access {
  /** The name of the context, and of all that it is made of. */
  readonly context: string;
  /** The API server's URL. */
  readonly server: string;
  /** The file of the authority that the API server's certificate comes from. */
  readonly authority: string;
  readonly identity: KeyPair;
}

/** Writes one file that holds a context for each access, the first being current. Nothing in it refers to other files. */
export function writeKubeconfig(file: string, accesses: Access[]): string {
  const data = (source: string) => fs.readFileSync(source).toString('base64');
  // JSON is YAML, and needs no writer.
  fs.writeFileSync(file, JSON.stringify({
    'apiVersion': 'v1',
    'kind': 'Config',
    'current-context': accesses[0].context,
    'clusters': accesses.map(({ context, server, authority }) => ({
      name: context, cluster: { 'server': server, 'certificate-authority-data': data(authority) },
    })),
    'users': accesses.map(({ context, identity }) => ({
      name: context, user: { 'client-certificate-data': data(identity.certificate), 'client-key-data': data(identity.key) },
    })),
    'contexts': accesses.map(({ context }) => ({ name: context, context: { cluster: context, user: context } })),
  }, undefined, 2), { mode: 0o600 });
  return file;
}
