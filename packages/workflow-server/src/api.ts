import { randomUUID } from 'crypto';
import Fastify, { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Allowed, contextOf, SUBMISSION, submissionProblem } from './context';
import { isId } from './engines';
import { KubernetesObject } from './kubernetes';
import { Log } from './log';
import { messages, Messages, writtenLog } from './messages';
import { Refusal, shown } from './problem';
import { Requests, Seen } from './requests';
import { digest, User, Users } from './users';
import { Validator } from './validation';

/** What a submission may weigh, and how many ids one question may have. */
const MOST_BYTES = 256 * 1024;
const MOST_IDS = 200;
const MOST_LISTED = 1000;
/** All that a reader may ask. */
const WAITING = '/waiting';
/** A client that sends slower than this is cut off. */
const REQUEST_TIMEOUT = 30_000;
const MOST_CONNECTIONS = 1_000;

/** Who asks: a user, or an engine by the hash of its token. */
interface Asking {
  readonly user?: User;
  readonly engine?: Buffer;
}

export interface ApiOptions {
  readonly requests: Requests;
  readonly messages: Messages;
  readonly users: Users;
  readonly allowed: Allowed;
  readonly mostWaiting: number;
  readonly podsOf: (id: string) => KubernetesObject[];
  readonly cancel: (id: string, reason: string) => Promise<boolean>;
  readonly changed: () => void;
  readonly log: Log;
}

const IDS = `1 to ${MOST_IDS} ids of requests of yours`;
const ID = 'the id of a request of yours';
const oneOf = (...values: string[]) => ({ enum: values, description: values.join(', ') });

/** The questions, by their paths: what they take. */
const QUESTIONS = {
  ids: question({ workflow_ids: { type: 'array', minItems: 1, maxItems: MOST_IDS, items: { type: 'string', description: IDS }, description: IDS } }),
  messages: question({ workflow_id: { type: 'string', description: ID }, topic: oneOf('log', 'state') }),
  stepMessages: question({ subjob_id: { type: 'string', description: 'the id of a step of a request of yours' }, topic: oneOf('run') }),
  nothing: question({}),
  cancel: question({ workflow_id: { type: 'string', description: ID } }),
};

function question(properties: object): Validator {
  return new Validator({ type: 'object', additionalProperties: false, required: Object.keys(properties), properties });
}

/** The request API: the paths and answers of 2018, with users. */
export function api(options: ApiOptions): FastifyInstance {
  const { requests, users, log } = options;
  const app = Fastify({
    bodyLimit: MOST_BYTES,
    requestTimeout: REQUEST_TIMEOUT,
    connectionTimeout: 2 * REQUEST_TIMEOUT,
    logger: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: undefined,
  });
  app.server.maxConnections = MOST_CONNECTIONS;
  // the clients of 2018 send a body with a GET
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true } as any);
  app.removeContentTypeParser('text/plain');
  app.decorateRequest('asking');

  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_, reply) => requests.ping().then(() => ({ status: 'ok' }), () => reply.code(503).send({ status: 'no database' })));

  void app.register(async guarded => {
    guarded.addHook('onRequest', async request => {
      const asks = await asking(request, users, requests);
      if (asks.user?.reader && request.routeOptions.url !== WAITING) {
        throw new Refusal(403, { property: 'Authorization', given: 'the token of a reader', allowed: `it for GET ${WAITING} alone` });
      }
      (request as any).asking = asks;
    });
    const mine = (request: FastifyRequest) => userOf(request).admin ? undefined : userOf(request).name;

    /** The requests of these ids, in their order. Others' are as if they weren't there. */
    async function seen(request: FastifyRequest, ids: readonly string[], property: string): Promise<Seen[]> {
      const found = await requests.seen(ids.filter(isId), mine(request));
      return ids.map((id, index) => {
        const one = found.get(id);
        if (!one) { throw new Refusal(404, { property: property === 'workflow_ids' ? `${property}.${index}` : property, given: shown(id), allowed: ID }); }
        return one;
      });
    }

    const submission = new Validator(SUBMISSION);
    guarded.post('/workflow_submit', async (request, reply) => {
      const owner = userOf(request).name;
      const body = request.body as { [property: string]: any };
      const problem = submission.problemOf(body) ?? submissionProblem(body, options.allowed);
      if (problem) { throw new Refusal(400, problem); }
      const id = randomUUID();
      if (!await requests.register(id, owner, contextOf(id, owner, body, options.allowed), options.mostWaiting)) {
        throw new Refusal(429, { property: 'requests', given: `${options.mostWaiting} that wait`, allowed: `at most ${options.mostWaiting} of one user that wait` });
      }
      log.info({ request: id, owner }, 'a request is registered');
      options.changed();
      return reply.code(200).send({ id });
    });

    guarded.get('/workflow_config', async request => {
      const { workflow_ids: ids } = asked(request, QUESTIONS.ids);
      const { engine } = (request as any).asking as Asking;
      if (engine) {
        const context = ids.length === 1 && isId(ids[0]) ? await requests.contextFor(ids[0], engine) : undefined;
        if (!context) { throw new Refusal(403, { property: 'workflow_ids', given: shown(ids), allowed: 'the id of the engine\'s own request' }); }
        return { configs: [context] };
      }
      // the token for the inputs is the engine's alone
      return { configs: (await seen(request, ids, 'workflow_ids')).map(({ context: { inputAuth: _, ...context } }) => context) };
    });

    guarded.get('/workflow_status', async request => {
      const found = await seen(request, asked(request, QUESTIONS.ids).workflow_ids, 'workflow_ids');
      return { status_codes: found.map(({ state }) => state), reasons: found.map(({ reason }) => reason) };
    });

    guarded.get('/workflow_msgs', async request => {
      const { workflow_id: id, topic } = asked(request, QUESTIONS.messages);
      const [{ state }] = await seen(request, [id], 'workflow_id');
      const ended = state === 'SUCCESS' || state === 'FAILURE' ? await requests.kept(id) : undefined;
      if (topic === 'state') {
        const tracked = ended ? ended.tracked : await options.messages.tracked(id);
        return { msgs: tracked ? [{ wflowguid: id, msg_type: 'wflow_state', date: (tracked as any).updated ?? '', state: tracked }] : [] };
      }
      const [pod] = options.podsOf(id);
      const said = ended ? ended.log : pod ? await options.messages.log(pod) : '';
      return { msgs: messages(said).map(message => ({ wflowguid: id, msg_type: 'wflow_log', ...message })) };
    });

    guarded.get('/subjob_msgs', async request => {
      const { subjob_id: job } = asked(request, QUESTIONS.stepMessages);
      const unknown = new Refusal(404, { property: 'subjob_id', given: shown(job), allowed: 'the id of a step of a request of yours' });
      if (!isId(job)) { throw unknown; }
      let said = await requests.stepLog(job, mine(request));
      if (said === undefined) {
        const [pod] = await options.messages.pods(`component=wflow-job,jobid=${job}`);
        const written = pod ? undefined : await options.messages.stepLog(job);
        const id = (pod ?? written)?.metadata.labels?.wflowid;
        if (!isId(id) || (await requests.seen([id], mine(request))).size === 0) { throw unknown; }
        said = written ? writtenLog(written) : await options.messages.log(pod);
      }
      return { msgs: messages(said).map(message => ({ jobguid: job, msg_type: 'simple_log', ...message })) };
    });

    guarded.get('/wflows', async request => {
      asked(request, QUESTIONS.nothing);
      return { wflows: await requests.list(mine(request), MOST_LISTED) };
    });

    guarded.get(WAITING, async request => {
      asked(request, QUESTIONS.nothing);
      const { admin, reader } = userOf(request);
      if (!admin && !reader) { throw new Refusal(403, { property: 'Authorization', given: 'the token of a user', allowed: 'that of a reader, or of an admin' }); }
      return { waiting: await requests.waiting(MOST_LISTED) };
    });

    guarded.post('/workflow_cancel', async request => {
      const { workflow_id: id } = asked(request, QUESTIONS.cancel);
      await seen(request, [id], 'workflow_id');
      return { id, cancelled: await options.cancel(id, `cancelled by ${userOf(request).name}`) };
    });
  });

  app.setNotFoundHandler((request, reply) => refuse(reply, new Refusal(404, { property: 'path', given: shown(request.url), allowed: 'a path of the API, by its method' })));
  app.setErrorHandler((error: FastifyError | Refusal, _, reply) => {
    if (error instanceof Refusal) { return refuse(reply, error); }
    const { statusCode, code, message } = error;
    if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
      return refuse(reply, new Refusal(statusCode, { property: 'body', given: OF_FASTIFY[code]?.given ?? 'something', allowed: OF_FASTIFY[code]?.allowed ?? message }));
    }
    // a database that is away, an API server that doesn't answer: nothing of it is for who asks
    log.error({ error: message }, 'a question could not be answered');
    return reply.code(503).header('Retry-After', '10').send({ error: { property: 'server', given: 'a database or an API server that doesn\'t answer', allowed: 'the same again, later' } });
  });
  return app;
}

/** What Fastify itself refuses, in the server's words. */
const OF_FASTIFY: { readonly [code: string]: { readonly given: string; readonly allowed: string } } = {
  FST_ERR_CTP_BODY_TOO_LARGE: { given: 'more', allowed: `at most ${MOST_BYTES} bytes` },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { given: 'another media type', allowed: 'application/json' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { given: 'nothing', allowed: 'JSON' },
  FST_ERR_CTP_INVALID_JSON_BODY: { given: 'something else', allowed: 'JSON' },
};

function refuse(reply: FastifyReply, { status, problem }: Refusal): FastifyReply {
  if (status === 401) { void reply.header('WWW-Authenticate', 'Bearer'); }
  // what is still on its way isn't waited for
  return reply.code(status).send({ error: problem });
}

/** Who asks, by the token. */
async function asking({ headers: { authorization }, routeOptions }: FastifyRequest, users: Users, requests: Requests): Promise<Asking> {
  const [, token] = /^Bearer ([\x21-\x7e]{1,512})$/.exec(authorization ?? '') ?? [];
  const user = token === undefined ? undefined : users.of(token);
  if (user) { return { user }; }
  const engine = token !== undefined && routeOptions.url === '/workflow_config' ? digest(token) : undefined;
  if (engine && await requests.isEngine(engine)) { return { engine }; }
  throw new Refusal(401, { property: 'Authorization', allowed: 'Bearer and the token of a user' });
}

function userOf(request: FastifyRequest): User {
  return ((request as any).asking as Required<Asking>).user;
}

/** What is asked: by the query, or as in 2018 by a body. */
function asked(request: FastifyRequest, validator: Validator): any {
  const query = { ...request.query as object } as { [name: string]: unknown };
  if (typeof query.workflow_ids === 'string') { query.workflow_ids = query.workflow_ids.split(','); }
  const given = request.body === undefined || request.body === null ? query : request.body;
  const problem = validator.problemOf(given);
  if (problem) { throw new Refusal(400, problem); }
  return given;
}
