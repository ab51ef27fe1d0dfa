import { ApiObject, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { checkCredentials, credentialEnvironment, CREDENTIALS } from './credentials';
import { IReanaCache, ReanaCredentials } from './reana-backing-services';
import { ReanaNames, SERVICE_PORTS } from './reana-names';
import { ReanaServiceProps } from './reana-service-props';
import { namesOf, serviceProblems, StatefulService } from './stateful-service';
import { problem } from '../problem';
import { containerResources } from '../workload/container-resources';
import { CONFIGURATION, RUN } from '../workload/postgres-scripts';
import { SecretReference } from '../workload/secret-reference';

/** Properties of a `ReanaCache`. */
export interface ReanaCacheProps extends ReanaServiceProps {
  /**
   * Redis, 7.0 or newer, or Valkey under Redis' names of its programs.
   *
   * @default 'docker.io/library/redis:8.6.3'
   */
  readonly image?: string;

  /**
   * How much memory sessions may take (`maxmemory`). Those that were used least go first, and their users log in again.
   *
   * Refused: less than 16 MiB; more than three quarters of the memory limit; more than a third of `storage`, since the log of changes is rewritten beside
   * the old one.
   *
   * @default - three quarters of the memory limit, or a third of `storage` if that is less: 384 MiB
   */
  readonly maxMemory?: Size;
}

/** A Redis that is already there. */
export interface ExternalReanaCache {
  /** The DNS name or address. */
  readonly host: string;

  /**
   * The TCP port.
   *
   * @default 6379
   */
  readonly port?: number;

  /**
   * The whole URL, user, password and number of the database included (`INVENIO_ACCOUNTS_SESSION_REDIS_URL`): `redis://USER:PASSWORD@HOST:PORT/1`, or
   * `rediss://` for TLS. REANA has no other way to name a cache that is elsewhere. Key `INVENIO_ACCOUNTS_SESSION_REDIS_URL` unless stated.
   */
  readonly url: SecretReference;

  /**
   * The labels of its pods, where it is in the namespace of REANA's services.
   *
   * @default - it is elsewhere
   */
  readonly podLabels?: { [label: string]: string };
}

/**
 * Where REANA keeps the sessions of its web users: Redis, as a StatefulSet of one pod.
 *
 * Only REANA's user gets in; the default user is off. What it is told is on the volume a second later (`appendfsync everysec`): users stay logged in over
 * a restart.
 */
export class ReanaCache extends Construct implements IReanaCache {
  /**
   * A cache that is already there. Nothing is made for it.
   *
   * @param cache where it is
   */
  public static external(cache: ExternalReanaCache): IReanaCache {
    return {
      ...cache,
      url: { ...cache.url, key: cache.url.key ?? 'INVENIO_ACCOUNTS_SESSION_REDIS_URL' },
      port: cache.port ?? SERVICE_PORTS.cache.port,
      // the URL is used instead
      credentials: { secretName: cache.url.secretName },
    };
  }

  public readonly host: string;
  public readonly port: number = SERVICE_PORTS.cache.port;
  public readonly credentials: ReanaCredentials;
  public readonly url?: SecretReference;
  public readonly podLabels?: { [label: string]: string };

  /** The namespace. */
  public readonly namespace: string;

  /** The StatefulSet, for patches of what the properties don't reach. */
  public readonly statefulSet: ApiObject;

  /** @internal */
  public readonly _names: ReanaNames;

  private readonly props: ReanaCacheProps;

  /**
   * @param scope the cluster of REANA's services, or any chart
   * @param id any id
   * @param props its size, and whose it is
   */
  public constructor(scope: Construct, id: string, props: ReanaCacheProps = {}) {
    super(scope, id);
    this.props = props;
    this._names = namesOf(this, props);
    const { _names: names } = this;
    this.namespace = names.namespace;
    this.host = names.host('cache');
    this.podLabels = names.selector('cache');
    this.credentials = props.credentials ?? { secretName: names.cacheSecret };
    const open = { tcpSocket: { port: 'service' }, timeoutSeconds: 5 };
    const service = new StatefulService(this, 'Server', {
      names,
      component: 'cache',
      props,
      image: this.image,
      files: { 'redis.conf': configuration(this.maxMemory), 'start.sh': START },
      environment: credentialEnvironment(this.credentials, CREDENTIALS.cache),
      command: ['/bin/sh', `${CONFIGURATION}/start.sh`],
      probes: {
        startupProbe: { ...open, periodSeconds: 2, failureThreshold: 150 },
        livenessProbe: { ...open, periodSeconds: 20, failureThreshold: 6 },
        // while it reads what was on the volume it says so, and answers nothing else
        readinessProbe: { exec: { command: ['/bin/sh', '-c', ASK] }, periodSeconds: 10, timeoutSeconds: 5 },
      },
      resources: containerResources(props.resources, { cpu: '50m', memory: '128Mi', limit: `${DEFAULT_LIMIT.toMebibytes()}Mi` }),
      port: SERVICE_PORTS.cache.targetPort,
      data: { path: DATA, size: this.storage },
      terminationGracePeriodSeconds: 30,
    });
    this.statefulSet = service.statefulSet;
    this.node.defaultChild = service.statefulSet;
    this.node.addValidation({ validate: () => this.problems() });
  }

  private get image(): string { return this.props.image ?? 'docker.io/library/redis:8.6.3'; }

  private get storage(): Size { return this.props.storage ?? Size.gibibytes(2); }

  private get memory(): Size { return this.props.resources ? this.props.resources.memory?.limit ?? DEFAULT_LIMIT : DEFAULT_LIMIT; }

  private get maxMemory(): Size {
    return this.props.maxMemory ?? Size.mebibytes(Math.floor(Math.min(this.memory.toMebibytes() * 3 / 4, this.storage.toMebibytes() / 3)));
  }

  private problems(): string[] {
    const problems = serviceProblems(this, this._names, this.props, this.credentials, this.image, this.storage);
    const maxMemory = this.maxMemory.toMebibytes();
    if (maxMemory < 16) { problems.push(problem('maxMemory', `${maxMemory} MiB`, 'at least 16 MiB')); }
    if (maxMemory * 4 > this.memory.toMebibytes() * 3) {
      problems.push(problem('maxMemory', `${maxMemory} MiB`, `at most three quarters of the memory limit of ${this.memory.toMebibytes()} MiB`));
    }
    if (maxMemory * 3 > this.storage.toMebibytes()) {
      problems.push(problem('maxMemory', `${maxMemory} MiB`, `at most a third of the storage of ${this.storage.toMebibytes()} MiB`));
    }
    return problems;
  }
}

const DATA = '/data';

const DEFAULT_LIMIT = Size.mebibytes(512);

function configuration(maxMemory: Size): string {
  return [
    'bind * -::*',
    `port ${SERVICE_PORTS.cache.targetPort}`,
    `dir ${DATA}`,
    `aclfile ${RUN}/users.acl`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    `maxmemory ${maxMemory.toMebibytes()}mb`,
    'maxmemory-policy allkeys-lru',
    'tcp-keepalive 60',
    '',
  ].join('\n');
}

const { user: USER, password: PASSWORD } = CREDENTIALS.cache;

const START = [
  '#!/bin/sh',
  'set -eu',
  checkCredentials(CREDENTIALS.cache),
  'umask 077',
  `hash=$(printf %s "$${PASSWORD}" | sha256sum | cut -d " " -f 1)`,
  `cat >${RUN}/users.acl <<END`,
  'user default off',
  // all that is about keys and channels; nothing of the server itself
  `user $${USER} on #$hash ~* &* +@all -@admin`,
  'END',
  `exec redis-server ${CONFIGURATION}/redis.conf`,
  '',
].join('\n');

const ASK = `[ "$(REDISCLI_AUTH="$${PASSWORD}" redis-cli --user "$${USER}" ping)" = PONG ]`;
