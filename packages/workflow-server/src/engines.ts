import { randomBytes } from 'crypto';
import { atOnce } from './at-once';
import { endOf, isOver, podReason } from './engine-end';
import { engineJob, EngineJobSettings, engineName, ENGINES, tokenSecret } from './engine-job';
import { Kubernetes, KubernetesError, KubernetesObject } from './kubernetes';
import { Log } from './log';
import { Messages } from './messages';
import { LiveRequest, Requests } from './requests';
import { digest } from './users';
import { Watched } from './watched';

/** However little happens, all requests are looked through this often. */
const PERIOD = 10_000;
/** What happens in a burst is looked at once. */
const GATHERED = 300;
const TOKEN_BYTES = 32;

export interface EngineSettings extends EngineJobSettings {
  readonly namespace: string;
  readonly slots: number;
  readonly startDeadlineSeconds: number;
}

/**
 * Keeps requests and Jobs together: starts an engine for whoever has a slot, and lets the state of a request follow its Job. It holds nothing in memory
 * that matters: whatever breaks off in the middle, a database, an API server or this program, is taken up by the next round from what is there.
 *
 * Never two engines of one request: its Job's name is made of its id, so the second creation is a conflict; and once a Job was seen none is made again.
 */
export class Engines {
  private readonly jobs: Watched;
  private readonly pods: Watched;
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;
  private again = false;
  private stopped = false;

  public constructor(
    private readonly requests: Requests, private readonly kubernetes: Kubernetes, private readonly messages: Messages,
    private readonly settings: EngineSettings, private readonly log: Log,
  ) {
    const selector = `?labelSelector=${encodeURIComponent(ENGINES)}`;
    const changed = () => this.soon();
    this.jobs = new Watched(kubernetes, `/apis/batch/v1/namespaces/${settings.namespace}/jobs${selector}`, log, changed);
    this.pods = new Watched(kubernetes, `/api/v1/namespaces/${settings.namespace}/pods${selector}`, log, changed);
  }

  public start(): void {
    this.jobs.start();
    this.pods.start();
    this.schedule(0);
  }

  /** Ends it, after the round that is going on. */
  public async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.jobs.stop();
    this.pods.stop();
    await this.running;
  }

  /** Something has happened: it is looked at soon. */
  public soon(): void {
    if (this.running) {
      this.again = true;
    } else {
      this.schedule(GATHERED);
    }
  }

  /** The pods of a request's engine, as they were seen last. */
  public podsOf(id: string): KubernetesObject[] {
    return this.pods.all().filter(({ metadata }) => metadata.labels?.wflowid === id);
  }

  /** Takes an engine away. */
  public async remove(id: string): Promise<void> {
    await this.kubernetes.delete(this.jobPath(id));
  }

  private schedule(milliseconds: number): void {
    if (this.stopped) { return; }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.again = false;
      this.running = this.round().finally(() => {
        this.running = undefined;
        this.schedule(this.again ? GATHERED : PERIOD);
      });
    }, milliseconds);
  }

  private async round(): Promise<void> {
    try {
      // without a list nobody knows what is gone
      if (this.jobs.known && this.pods.known) {
        await this.follow();
        await this.removeStrays();
        await this.fillSlots();
      }
    } catch (error) {
      this.log.warn({ error: (error as Error).message }, 'a round broke off, the next one goes on');
      this.again = false;
    }
  }

  /** Lets the states of all requests follow their Jobs. One that fails doesn't hold up the others. */
  private async follow(): Promise<void> {
    await atOnce(8, await this.requests.live(), request => this.followOne(request).catch((error: Error) => {
      this.log.warn({ request: request.id, error: error.message }, 'the state could not be followed');
    }));
  }

  private async followOne(request: LiveRequest): Promise<void> {
    const { id, jobUid, delivered } = request;
    // what is watched may be late: that something isn't there is asked for
    const job = this.jobs.get(engineName(id)) ?? await this.kubernetes.find(this.jobPath(id));
    const late = request.state === 'STARTED' && request.secondsSinceStart > this.settings.startDeadlineSeconds;
    if (!job) {
      if (jobUid !== undefined) { return this.end(id, 'FAILURE', 'the engine\'s Job was deleted'); }
      // nobody had seen a Job of it: its making broke off. Pods without it would be those of a Job that went.
      if (!late && (await this.messages.pods(`${ENGINES},wflowid=${id}`)).length > 0) { return; }
      return late ? this.end(id, 'FAILURE', `no Job could be made within ${this.settings.startDeadlineSeconds} s`) : this.launchAgain(id);
    }
    if (jobUid !== undefined && job.metadata.uid !== jobUid) {
      return this.end(id, 'FAILURE', 'the engine\'s Job was replaced by another one, which isn\'t this server\'s');
    }
    if (!late && (jobUid === undefined || !delivered)) { return this.launchAgain(id); }
    const pods = this.podsOf(id);
    if (isOver(job)) {
      const tracked = await this.messages.tracked(id);
      const end = endOf(job, pods, tracked);
      if (end) { return this.end(id, end.state, end.reason); }
    }
    if (request.state !== 'STARTED') { return; }
    if (pods.some(({ status }) => status?.phase === 'Running')) {
      await this.requests.active(id);
    } else if (late) {
      await this.end(id, 'FAILURE', `the engine didn't begin within ${this.settings.startDeadlineSeconds} s: ${podReason(pods) ?? 'it has no pod'}`);
      await this.remove(id);
    }
  }

  /** Ends a request, and keeps what its engine said. */
  private async end(id: string, state: 'SUCCESS' | 'FAILURE', reason: string): Promise<void> {
    const [pod] = this.podsOf(id);
    const [log, tracked] = await Promise.all([pod ? this.messages.log(pod).catch(() => '') : '', this.messages.tracked(id).catch(() => undefined)]);
    if (await this.requests.end(id, state, reason, { ...log !== '' && { log }, ...tracked && { tracked } })) {
      this.log.info({ request: id, state, reason }, 'a request has ended');
      this.again = true;
    }
  }

  /** Engines whose requests have ended, by a cancellation that met their start, go. Jobs that aren't of the database's requests stay: others make engines too. */
  private async removeStrays(): Promise<void> {
    const unfinished = this.jobs.all().filter(job => !isOver(job) && !job.metadata.deletionTimestamp && isId(job.metadata.labels?.wflowid));
    if (unfinished.length === 0) { return; }
    const seen = await this.requests.seen(unfinished.map(({ metadata }) => metadata.labels!.wflowid), undefined);
    for (const { metadata } of unfinished) {
      const request = seen.get(metadata.labels!.wflowid);
      if (request && (request.state === 'SUCCESS' || request.state === 'FAILURE')) {
        this.log.info({ request: request.id }, 'an engine is removed whose request has ended');
        await this.kubernetes.delete(this.jobPath(request.id), metadata.uid);
      }
    }
  }

  private async fillSlots(): Promise<void> {
    for (let free = true; free && !this.stopped;) {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const id = await this.requests.claim(this.settings.slots, digest(token));
      free = id !== undefined && await this.launch(id, token);
    }
  }

  /** Takes up a start that broke off. Which token is in the Secret, if there is one, nobody knows: all that were made for it count. */
  private async launchAgain(id: string): Promise<void> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    if (await this.requests.addToken(id, digest(token))) { await this.launch(id, token); }
  }

  /** Makes the Job of a request, and its Secret. Whether to go on with the next request. */
  private async launch(id: string, token: string): Promise<boolean> {
    const { namespace } = this.settings;
    let job: KubernetesObject;
    try {
      job = await this.kubernetes.create(`/apis/batch/v1/namespaces/${namespace}/jobs`, engineJob(this.settings, id));
    } catch (error) {
      if (!(error instanceof KubernetesError && error.reason === 'AlreadyExists')) { return this.notLaunched(id, error as Error); }
      // it was made before: what fails from here on is tried again, and the request keeps its slot
      job = await this.kubernetes.get(this.jobPath(id));
    }
    if (!await this.requests.hasJob(id, job.metadata.uid)) {
      // it was cancelled in between
      await this.kubernetes.delete(this.jobPath(id), job.metadata.uid);
      return true;
    }
    await this.kubernetes.create(`/api/v1/namespaces/${namespace}/secrets`, tokenSecret(id, token, job.metadata.uid)).catch(error => {
      if (!(error instanceof KubernetesError && error.reason === 'AlreadyExists')) { throw error; }
    });
    await this.requests.delivered(id);
    this.log.info({ request: id }, 'an engine is started');
    return true;
  }

  private async notLaunched(id: string, error: Error): Promise<boolean> {
    this.log.error({ request: id, error: error.message }, 'no engine could be started');
    if (error instanceof KubernetesError && error.status === 422) {
      await this.requests.end(id, 'FAILURE', `the API server refuses the engine's Job: ${error.message}`);
      return true;
    }
    // a quota that is used up, a Role that lacks something, a template that is wrong: the request waits until somebody has mended it
    if (!(error instanceof KubernetesError) || error.status === 403 || error.status === 429) {
      if (!isConnection(error)) { await this.requests.putBack(id, `no engine could be started: ${error.message}`); }
    }
    return false;
  }

  private jobPath(id: string): string {
    return `/apis/batch/v1/namespaces/${this.settings.namespace}/jobs/${engineName(id)}`;
  }
}

/** Whether a Job may have been made all the same: the answer didn't come. */
function isConnection(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && /^(E(CONN|PIPE|HOST|NET|TIMEDOUT|AI_)|UND_)/.test(error.code) || /no answer|socket hang up/.test(error.message);
}

export function isId(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

