import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { App, Chart } from 'cdk8s';
import {
  ReanaCache, ReanaDatabase, ReanaDatabaseBackup, ReanaIdentity, ReanaMessageBroker, ReanaPlatform, ReanaPlatformProps, ReanaStorage,
} from '../../../src';
import { Manifest, parseManifests } from '../manifest';
import { REANA_IMAGE } from '../rootfs';
import { Contents } from './pods';

/** What users call it. */
export const HOSTNAME = 'reana.example.org';

/** Where a REANA is, and what its names begin with. */
export type Identity = Required<ReanaIdentity>;

/** As most sites have it: its own name, and workflows apart from the services. */
export const REANA: Identity = { prefix: 'reana', namespace: 'reana', runtimeNamespace: 'reana-workflows' };

/** What a REANA's database may have around it. */
export interface AroundDatabase {
  /** @default false */
  readonly pgBouncer?: boolean;
  /** @default false */
  readonly backup?: boolean;
}

/** The file of a REANA whose services and programs are all this project's image. */
export function synthesizeReana(
  identity: Identity = REANA, props: Partial<ReanaPlatformProps> = {}, { pgBouncer, backup }: AroundDatabase = {},
): Manifest[] {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-reana-'));
  try {
    const app = new App({ outdir });
    const chart = new Chart(app, 'reana');
    const service = { ...identity, image: REANA_IMAGE };
    const database = new ReanaDatabase(chart, 'database', { ...service, ...pgBouncer && { pgBouncer: { image: REANA_IMAGE } } });
    if (backup) { new ReanaDatabaseBackup(chart, 'backup', { database, image: REANA_IMAGE }); }
    new ReanaPlatform(chart, 'reana', {
      ...identity,
      hostname: HOSTNAME,
      storage: ReanaStorage.existingClaim(),
      database,
      messageBroker: new ReanaMessageBroker(chart, 'message-broker', service),
      cache: new ReanaCache(chart, 'cache', service),
      images: { server: REANA_IMAGE, workflowController: REANA_IMAGE },
      ui: { image: REANA_IMAGE },
      ...props,
    });
    app.synth();
    return fs.readdirSync(outdir).flatMap(file => parseManifests(fs.readFileSync(path.join(outdir, file), 'utf8')));
  } finally {
    fs.rmSync(outdir, { recursive: true });
  }
}

/** The Secrets that a site makes, other ones each time. */
export function siteSecrets({ prefix, namespace }: Identity) {
  const random = () => randomBytes(16).toString('hex');
  const account = (user: string) => ({ user, password: random() });
  const of = (name: string) => `${namespace}/${prefix}-${name}`;
  const database = account('reana-db');
  const messageBroker = account('reana-mq');
  const cache = account('reana-cache');
  const administrator = { password: random(), token: random() };
  const contents: Contents = {
    [of('secrets')]: { REANA_SECRET_KEY: random() },
    [of('db-secrets')]: database,
    [of('message-broker-secrets')]: messageBroker,
    [of('cache-secrets')]: cache,
    [of('admin-password')]: { password: administrator.password },
    [of('mail-notification-sender-password')]: { REANA_EMAIL_LOGIN: 'reana', REANA_EMAIL_PASSWORD: random() },
    [of('admin-access-token')]: { ADMIN_ACCESS_TOKEN: administrator.token },
  };
  return { database, messageBroker, cache, administrator, contents };
}
