import { ChildProcess, spawn } from 'child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Authority } from './kubernetes/certificates';
import type { Site } from './site';
import { until } from './until';

const KEY_ID = 'a-key';

/** Answers two questions by HTTPS, for as long as somebody holds its standard input. */
const SERVER = `
const [certificate, key, answers] = process.argv.slice(1);
const texts = JSON.parse(answers);
const fs = require('fs');
require('https').createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }, (request, response) => {
  response.writeHead(request.url in texts ? 200 : 404, { 'content-type': 'application/json' });
  response.end(texts[request.url]);
}).listen(443, () => process.stdout.write('listening'));
process.stdin.on('end', () => process.exit(0)).resume();
`;

/** Who issues SciTokens: an HTTPS server at a site, with keys, and a certificate of an authority of its own. */
export class TokenIssuer {
  /** Makes its keys. It serves nothing yet. */
  public static async make(host: string): Promise<TokenIssuer> {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-issuer-'));
    return new TokenIssuer(host, directory, await Authority.make(directory, 'authority'));
  }

  private readonly signingKey = createPrivateKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }));

  private server?: ChildProcess;

  private constructor(private readonly host: string, private readonly directory: string, private readonly authority: Authority) {}

  /** As its tokens name it. */
  public get address(): string { return `https://${this.host}`; }

  /** The certificate of its authority. */
  public get certificate(): string { return fs.readFileSync(this.authority.certificate, 'utf8'); }

  /** A certificate of its authority for somebody else, as a Secret of the type `kubernetes.io/tls` holds it. */
  public async certify(name: string): Promise<{ readonly 'tls.crt': string; readonly 'tls.key': string }> {
    const { certificate, key } = await this.authority.issue(name, { user: name, names: [name] });
    return { 'tls.crt': fs.readFileSync(certificate, 'utf8'), 'tls.key': fs.readFileSync(key, 'utf8') };
  }

  /** Begins to serve at a site; gives the address of its machine. */
  public async serve(site: Site): Promise<string> {
    const { machine, address } = await site.server(77);
    const { certificate, key } = await this.authority.issue('issuer', { user: this.host, names: [this.host] });
    const answers = {
      '/.well-known/openid-configuration': JSON.stringify({ issuer: this.address, jwks_uri: `${this.address}/keys` }),
      '/keys': JSON.stringify({ keys: [{ ...createPublicKey(this.signingKey).export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }] }),
    };
    const server = spawn('nsenter', [`--net=${machine.path}`, process.execPath, '-e', SERVER, certificate, key, JSON.stringify(answers)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.server = server;
    let said = '';
    server.stdout!.on('data', data => { said += data; });
    await until('the issuer listens', async () => said === 'listening');
    return address;
  }

  /** A token for a subject; of another issuer's name or with another key's signature if a test wants one. */
  public token(subject: string, { issuer = this.address, key = this.signingKey } = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, sub: subject, aud: 'ANY', ver: 'scitoken:2.0', scope: 'condor:/READ condor:/WRITE', iat: now - 5, nbf: now - 5, exp: now + 3600, jti: randomUUID() };
    const text = [{ alg: 'RS256', typ: 'JWT', kid: KEY_ID }, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
  }

  public close(): void {
    this.server?.stdin!.end();
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}
