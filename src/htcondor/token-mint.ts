import { Chart, Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { CondorHost } from './condor-host';
import { KnobSet } from './config';
import { mintConnections } from './connections';
import { memberKeySources } from './member-keys';
import { PATHS, ROOT_CONFIG_FILE } from './paths';
import { poolKnobs } from './pool-config';
import { executionPointIdentity } from './pool-security';
import { StartdFleet } from './startd-fleet';
import { keptAs, TokenRole, TokenRoleOptions, tokenRole, tokenRoleProblems } from './token-roles';
import { OWN_API_SERVER, permit, permitAccount, TokenRun } from './token-run';
import { FETCH_SCRIPT, MINT_KEYS, MINT_SCRIPT, SECRETS } from './token-scripts';
import { areCertificates, isApiServer } from '../federation/api-server';
import { FederatedCluster, JoinMode } from '../federation/federated-cluster';
import { isDnsLabel } from '../federation/names';
import { problem } from '../problem';
import { isSchedulable, SCHEDULABLE } from '../workload/cron-schedule';
import { digest } from '../workload/named-by-content';
import { declareTraffic } from '../workload/traffic';

/** Properties of a `TokenMint`. */
export interface TokenMintProps {
  /**
   * The pool whose tokens it makes.
   *
   * Refused: a pool in another chart, one without `memberSigningKeys`.
   */
  readonly pool: CondorHost;

  /**
   * How long a token is valid (`condor_token_create -lifetime`), at least twice the interval, so that one renewal may fail. Collectors of
   * the members that the mint serves take no machine with a token that is older, whoever made it (`SEC_TOKEN_REVOCATION_EXPR`).
   *
   * Refused: less, a part of a second.
   *
   * @default Duration.days(7)
   */
  readonly lifetime?: Duration;

  /**
   * How often tokens are renewed (the CronJob's `schedule`, in UTC; when in the interval is the mint's own, so that mints don't meet).
   * Kubernetes takes up to two minutes to bring a new token to running pods.
   *
   * Refused: what no schedule can say. It can say a part of an hour that has whole minutes, from 5 on, a part of a day that has whole
   * hours, a day, and a week.
   *
   * @default Duration.days(1)
   */
  readonly interval?: Duration;

  /**
   * The address of the host cluster's API server as members that pull reach it: `https://host` or `https://host:port`.
   *
   * Refused: none where a member pulls, what is no such address.
   *
   * @default - not known; members that are pushed to need none
   */
  readonly apiServer?: string;

  /**
   * The certificates, in PEM, of the authorities that vouch for the host's API server. They are no secret.
   *
   * @default - the authorities that the image trusts
   */
  readonly caBundle?: string;

  /**
   * Whether NetworkPolicies close the pods to all but DNS and the ports of the API servers.
   *
   * @default true
   */
  readonly networkPolicies?: boolean;
}

/**
 * Makes the pool's tokens in the host cluster, and renews them before they expire: a CronJob that runs `condor_token_create`, and a Job
 * that runs it once whenever what it makes has changed.
 *
 * Each token ends up in a Secret, which must be there: the mint may change these and no others, and create none. For a member it is
 * signed with the member's own key. Where the member's `joinMode` is `PUSH`, the mint writes to the member's API server, with the
 * credential in a Secret `<id>.<member>` of the host, key `token`. Where it is `PULL`, it writes to a Secret `<id>.<member>.<fleet>` of the
 * host, and a CronJob in the member fetches it from there, with the credential in a Secret `<id>.host` of the member, key `token`.
 * Either credential is good for these Secrets alone; its account and role are in the files.
 *
 * Execution points read a token that has changed when they next show it: nothing is restarted. The image must have `curl`.
 */
export class TokenMint extends Construct {
  /** The namespace of the mint: the pool's. */
  public readonly namespace: string;

  private readonly props: TokenMintProps;

  private readonly deliveries: Delivery[] = [];

  private readonly roles: TokenRole[] = [];

  /**
   * @param scope the cluster that the pool stands in
   * @param id the name: it starts the names of its objects
   * @param props the pool, and how long tokens last
   */
  public constructor(scope: Construct, id: string, props: TokenMintProps) {
    super(scope, id);
    this.props = props;
    this.namespace = props.pool.namespace;
    new TokenRun(this, 'Mint', {
      name: id,
      namespace: this.namespace,
      image: props.pool.image,
      imagePullSecrets: props.pool._imagePullSecrets,
      script: MINT_SCRIPT,
      files: () => this.files(),
      secrets: () => this.secrets(),
      interval: this.interval,
      offset: this.offset,
      writes: () => this.ownSecrets(),
      writesHere: () => this.writesHere,
      ports: this.networkPolicies ? () => this.ports() : undefined,
    });
    declareTraffic(this, { connections: () => mintConnections(this) });
    this.node.addValidation({ validate: () => this.problems() });
  }

  /**
   * Brings a fleet's token to a member.
   *
   * Refused at synth: a member that the fleet doesn't reach; one that is pushed to without `apiServer`, or pulls without that of the mint.
   *
   * @param fleet a fleet of the pool
   * @param member a member that the fleet reaches
   */
  public deliver(fleet: StartdFleet, member: FederatedCluster): void {
    if (this.deliveries.some(each => each.fleet === fleet && each.member === member)) { return; }
    const others = this.deliveries.filter(each => each.member === member);
    const delivery: Delivery = { fleet, member };
    this.deliveries.push(delivery);
    this.props.pool._executionClusters.limitTokens(member.node.id, this.lifetime);
    const served = () => this.deliveries.filter(each => each.member === member && each.fleet.namespace === fleet.namespace);
    const pulls = member.joinMode === JoinMode.PULL;
    if (pulls && others.length === 0) {
      permit(new Construct(this, `Reader.${member.node.id}`), {
        name: `${this.node.id}.${member.node.id}`,
        instance: this.node.id,
        namespace: this.namespace,
        verbs: ['get'],
        secrets: () => this.deliveries.filter(each => each.member === member).map(each => this.hostSecret(each)),
      });
    }
    if (others.some(each => each.fleet.namespace === fleet.namespace)) { return; }
    const place = new Construct(member, `${this.node.path.replace(/[/]/g, '.')}.${fleet.namespace}`);
    const writes = () => [...new Set(served().map(each => each.fleet._token.secretName))];
    if (!pulls) {
      permit(place, { name: this.node.id, instance: this.node.id, namespace: fleet.namespace, verbs: ['patch'], secrets: writes });
      return;
    }
    new TokenRun(place, 'Fetch', {
      name: this.node.id,
      namespace: fleet.namespace,
      image: fleet.image,
      imagePullSecrets: fleet._props.imagePullSecrets,
      script: FETCH_SCRIPT,
      files: () => this.fetchFiles(served()),
      secrets: () => [credential(`${this.node.id}.host`, 'host')],
      interval: this.interval,
      // when the mint is through
      offset: this.offset + Math.ceil(Math.min(5, this.interval.toMinutes({ integral: false }) / 2)),
      writes,
      writesHere: () => writes().length > 0,
      ports: this.networkPolicies ? () => [portOf(this.props.apiServer ?? ''), ...OWN_PORTS] : undefined,
    });
  }

  /**
   * Makes a token for somebody besides the members, for instance for what monitors the pool. It is signed with the pool's key, which
   * is mounted in the mint then, and kept in a Secret of the host.
   *
   * @param name a DNS label
   * @param options who, what for, and where it is kept
   */
  public addRole(name: string, options: TokenRoleOptions): void {
    const role = tokenRole(this.node.id, this.namespace, name, options);
    const { namespace } = role;
    if (namespace !== this.namespace && !this.roles.some(each => each.namespace === namespace)) {
      permitAccount(new Construct(this, `Writer.${namespace}`), {
        name: this.node.id,
        instance: this.node.id,
        namespace,
        verbs: ['patch'],
        secrets: () => this.secretsOfRoles(namespace),
      }, this.namespace);
    }
    this.roles.push(role);
  }

  private get lifetime(): Duration { return this.props.lifetime ?? Duration.days(7); }

  private get interval(): Duration { return this.props.interval ?? Duration.days(1); }

  private get networkPolicies(): boolean { return this.props.networkPolicies ?? true; }

  /** When in an interval: a minute of the week that is this mint's. */
  private get offset(): number {
    return parseInt(digest(this.node.path), 16) % (7 * 24 * 60);
  }

  /** What is brought to clusters that are in the pool. */
  private get current(): Delivery[] {
    return this.deliveries.filter(({ member }) => !this.props.pool._executionClusters.isRevoked(member.node.id));
  }

  private hostSecret({ member, fleet }: Delivery): string {
    return `${this.node.id}.${member.node.id}.${fleet.node.id}`;
  }

  /** The Secrets of a namespace of the host that hold tokens of roles. */
  private secretsOfRoles(namespace: string): string[] {
    return [...new Set(this.roles.filter(each => each.namespace === namespace).map(({ secretName }) => secretName))];
  }

  /** The Secrets of its own namespace that the mint writes. */
  private ownSecrets(): string[] {
    const fetched = this.current.filter(({ member }) => member.joinMode === JoinMode.PULL);
    return [...fetched.map(each => this.hostSecret(each)), ...this.secretsOfRoles(this.namespace)];
  }

  private get writesHere(): boolean { return this.ownSecrets().length > 0 || this.roles.length > 0; }

  private files(): { [file: string]: string } {
    const bundles = this.current.filter(({ member }) => member.joinMode !== JoinMode.PULL && member.caBundle)
      .map(({ member }) => [authoritiesFile(member.node.id), member.caBundle!]);
    return {
      [ROOT_CONFIG_FILE]: this.knobs().draft(),
      orders: [...this.current.map(each => this.memberOrder(each)), ...this.roles.map(each => this.roleOrder(each))].join(''),
      ...Object.fromEntries(bundles),
    };
  }

  /**
   * Whose API server is called, and by whom: a member that pulls calls the host's.
   *
   * @internal
   */
  public get _connections(): { readonly member: string; readonly apiServer: string; readonly pulls: boolean }[] {
    return this.current.map(({ member }) => {
      const pulls = member.joinMode === JoinMode.PULL;
      const [, host, port] = /^https:\/\/(.+?)(?::(\d+))?$/.exec((pulls ? this.props.apiServer : member.apiServer) ?? '') ?? [];
      return { member: member.node.id, apiServer: `${host}:${port ?? 443}`, pulls };
    });
  }

  private memberOrder(delivery: Delivery): string {
    const { member, fleet } = delivery;
    const cluster = member.node.id;
    const identity = executionPointIdentity(cluster, this.props.pool.trustDomain);
    const { secretName, key } = fleet._token;
    const target = member.joinMode === JoinMode.PULL
      ? { field: 'token', ...ownTarget(this.namespace, this.hostSecret(delivery)) }
      : {
        field: key,
        address: secretAddress(member.apiServer ?? '', fleet.namespace, secretName),
        credential: `${SECRETS}/credentials/${cluster}`,
        authorities: member.caBundle ? here(authoritiesFile(cluster)) : '-',
      };
    return this.order(`${cluster}: the token of ${fleet.node.id}`, cluster, identity, ['ADVERTISE_STARTD', 'ADVERTISE_MASTER', ...fleet._elasticity ? ['READ'] : []], target);
  }

  private roleOrder({ name, identity, authorizations, namespace, secretName, key }: TokenRole): string {
    return this.order(`the token of ${name}`, 'POOL', identity, authorizations, { field: key, ...ownTarget(namespace, secretName) });
  }

  private order(what: string, signer: string, identity: string, authorizations: string[], target: Target): string {
    const { field, address, credential: file, authorities } = target;
    const seconds = Math.ceil(this.lifetime.toSeconds({ integral: false }));
    return line(signer, identity, authorizations.join(','), seconds, field, address, file, authorities, what);
  }

  private fetchFiles(served: readonly Delivery[]): { [file: string]: string } {
    const { apiServer = '', caBundle } = this.props;
    const orders = served.map(each => {
      const { secretName, key } = each.fleet._token;
      return line(secretAddress(apiServer, this.namespace, this.hostSecret(each)), caBundle ? here(authoritiesFile('host')) : '-', key,
        secretAddress(OWN_API_SERVER, each.fleet.namespace, secretName), `the token of ${each.fleet.node.id}`);
    });
    return { orders: orders.join(''), ...caBundle && { [authoritiesFile('host')]: caBundle } };
  }

  private knobs(): KnobSet {
    const knobs = poolKnobs(this.props.pool, this.props.pool.image);
    knobs.section('What signs');
    knobs.set('SEC_PASSWORD_DIRECTORY', MINT_KEYS);
    knobs.set('SEC_TOKEN_POOL_SIGNING_KEY_FILE', `${MINT_KEYS}/POOL`);
    return knobs;
  }

  private secrets(): object[] {
    const { pool } = this.props;
    const members = [...new Set(this.current.map(({ member }) => member))];
    const poolKey = { name: pool._signingKey.secretName, optional: true, items: [{ key: pool._signingKey.key, path: 'keys/POOL' }] };
    return [
      ...memberKeySources(pool.node.id, members.map(({ node }) => node.id), 'keys/'),
      ...members.filter(({ joinMode }) => joinMode !== JoinMode.PULL).map(({ node }) => credential(`${this.node.id}.${node.id}`, node.id)),
      ...this.roles.length > 0 ? [{ secret: poolKey }] : [],
    ];
  }

  private ports(): number[] {
    return [
      ...this.current.filter(({ member }) => member.joinMode !== JoinMode.PULL).map(({ member }) => portOf(member.apiServer ?? '')),
      ...this.writesHere ? OWN_PORTS : [],
    ];
  }

  private problems(): string[] {
    const { pool, apiServer, caBundle } = this.props;
    const problems: string[] = [];
    if (!isDnsLabel(this.node.id, 40)) { problems.push(problem('id', this.node.id, 'a DNS label of at most 40 characters')); }
    if (Chart.of(pool) !== Chart.of(this)) { problems.push(problem('pool', pool.node.path, `a pool in the mint's own chart, ${Chart.of(this).node.path}`)); }
    if (!pool._memberSigningKeys) { problems.push(problem('pool', pool.node.path, 'a pool with memberSigningKeys')); }
    if (!isSchedulable(this.interval)) {
      problems.push(problem('interval', `${this.interval.toSeconds({ integral: false })} s`, SCHEDULABLE));
    }
    const [lifetime, interval] = [this.lifetime, this.interval].map(duration => duration.toSeconds({ integral: false }));
    if (!(Number.isInteger(lifetime) && lifetime >= 2 * interval)) {
      problems.push(problem('lifetime', `${lifetime} s`, `whole seconds, at least twice the interval: ${2 * interval} s`));
    }
    if (apiServer !== undefined && !isApiServer(apiServer)) { problems.push(problem('apiServer', apiServer, 'https://host or https://host:port')); }
    if (caBundle !== undefined && !areCertificates(caBundle)) {
      problems.push(problem('caBundle', `${caBundle.slice(0, 30)}...`, 'certificates in PEM and nothing else: no key'));
    }
    return [...problems, ...this.deliveries.flatMap(each => this.deliveryProblems(each)), ...this.roleProblems()];
  }

  private deliveryProblems({ fleet, member }: Delivery): string[] {
    const property = `deliver(${fleet.node.id}, ${member.node.id})`;
    const problems: string[] = [];
    if (fleet._props.pool !== this.props.pool) { problems.push(problem(property, fleet.node.path, `fleets of the pool ${this.props.pool.node.path}`)); }
    const reached = fleet._members;
    if (!reached.includes(member)) {
      problems.push(problem(property, member.node.id, `members that the fleet reaches: ${reached.map(({ node }) => node.id).join(', ') || 'none'}`));
    }
    if (member.joinMode === JoinMode.PULL && this.props.apiServer === undefined) {
      problems.push(problem(property, 'JoinMode.PULL', "a member that pulls only with the mint's apiServer: it fetches its token there"));
    }
    if (member.joinMode !== JoinMode.PULL && member.apiServer === undefined) {
      problems.push(problem(property, 'JoinMode.PUSH', "a member that is pushed to only with the member's apiServer: its token is written there"));
    }
    return problems;
  }

  private roleProblems(): string[] {
    const kept = this.deliveries.flatMap(each => [this.hostSecret(each), `${this.node.id}.${each.member.node.id}`]);
    return tokenRoleProblems(this.roles, this.props.pool.trustDomain, this.deliveries.map(({ member }) => member.node.id),
      kept.map(secretName => keptAs(this.namespace, secretName, 'token')));
  }
}

/** A token on its way: of a fleet, to a member. */
interface Delivery {
  readonly fleet: StartdFleet;
  readonly member: FederatedCluster;
}

/** Where a token goes: the key in the Secret, the Secret, and who may write it. */
interface Target {
  readonly field: string;
  readonly address: string;
  readonly credential: string;
  readonly authorities: string;
}

/** Where pods find the API server of their own cluster: at its Service, or behind it. */
const OWN_PORTS = [443, 6443];

const authoritiesFile = (cluster: string): string => `${cluster}.crt`;

const here = (file: string): string => `${PATHS.config}/${file}`;

const line = (...words: (string | number)[]): string => `${words.join(' ')}\n`;

function secretAddress(apiServer: string, namespace: string, name: string): string {
  return `${apiServer}/api/v1/namespaces/${namespace}/secrets/${name}`;
}

/** A Secret of the mint's own cluster. */
function ownTarget(namespace: string, secret: string): Omit<Target, 'field'> {
  return { address: secretAddress(OWN_API_SERVER, namespace, secret), credential: `${SECRETS}/own/token`, authorities: `${SECRETS}/own/ca.crt` };
}

function portOf(apiServer: string): number {
  return Number(/:(\d+)$/.exec(apiServer)?.[1] ?? 443);
}

/** A token of an API server, as a file. */
function credential(secretName: string, file: string): object {
  return { secret: { name: secretName, optional: true, items: [{ key: 'token', path: `credentials/${file}` }] } };
}
