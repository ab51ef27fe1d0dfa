import { randomUUID } from 'crypto';
import { Allowed, contextOf, SUBMISSION, submissionProblem } from './context';
import { ifStatus, Kubernetes, KubernetesObject } from './kubernetes';
import { Log } from './log';
import { text } from './problem';
import { Requests, Told } from './requests';
import { State } from './states';
import { Validator } from './validation';
import { Watched } from './watched';

/** What clients read: how many Jobs of the workflow are in which condition. */
const CONDITION: { readonly [state in State]: object } = {
  REGISTERED: {},
  STARTED: { active: 1 },
  ACTIVE: { active: 1 },
  SUCCESS: { succeeded: 1 },
  FAILURE: { failed: 1 },
};

/**
 * `Workflow` objects, as `recast submit` makes them: each is a request, once. Who may make them is for the API server to say. Their status follows the
 * request, and with the object its request goes.
 */
export class WorkflowObjects {
  private readonly objects: Watched;
  private readonly path: string;
  private readonly owner: string;
  private readonly isRight = new Validator(SUBMISSION);

  public constructor(
    private readonly requests: Requests, private readonly kubernetes: Kubernetes, namespace: string, private readonly allowed: Allowed,
    private readonly cancel: (id: string, reason: string) => Promise<void>, private readonly changed: () => void, log: Log,
  ) {
    this.path = `/apis/yadage.github.io/v1/namespaces/${namespace}/workflows`;
    // no user of the API can have this name: keys of a Secret have no colon
    this.owner = `namespace:${namespace}`;
    this.objects = new Watched(kubernetes, this.path, log, () => undefined);
  }

  public start(): void { this.objects.start(); }

  public stop(): void { this.objects.stop(); }

  /** One look at all of them. */
  public async round(): Promise<void> {
    if (!this.objects.known) { return; }
    const objects = this.objects.all();
    for (const object of objects.filter(({ status }) => !status?.wflowid)) { await this.register(object); }
    for (const id of await this.requests.withoutObject(objects.map(({ metadata }) => metadata.uid))) { await this.cancel(id, 'its Workflow object was deleted'); }
    for (const told of await this.requests.toTell()) { await this.tell(told); }
  }

  private async register({ metadata, spec }: KubernetesObject): Promise<void> {
    const id = randomUUID();
    const body = bodyOf(spec ?? {});
    const problem = this.isRight.problemOf(body) ?? submissionProblem(body, this.allowed);
    const object = { uid: metadata.uid, name: metadata.name };
    const context = problem ? {} : contextOf(id, this.owner, body, this.allowed);
    await this.requests.registerObject(id, this.owner, context, object, problem && text(problem));
    this.changed();
  }

  private async tell({ id, name, uid, state, reason }: Told): Promise<void> {
    // the version is given by the uid: another object of the same name is another request
    const status = { workflow: { active: null, succeeded: null, failed: null, ...CONDITION[state] }, state, reason: reason || null, wflowid: id };
    await this.kubernetes.mergePatch(`${this.path}/${name}/status`, { metadata: { uid }, status }).catch(ifStatus(404)).catch(ifStatus(409));
    await this.requests.told(id, state);
  }
}

/** The document of `yadage-run -f`, as the body of a submission. Where it runs is the server's to say: `dataarg` and backends are not taken over. */
function bodyOf({ workflow, toplevel, initdata, dataopts }: { readonly [property: string]: any }): { readonly [property: string]: any } {
  const archive = dataopts?.inputarchive;
  return {
    wflowtype: 'yadage',
    workflow,
    fixed_pars: initdata ?? {},
    resultlist: ['_adage', '_yadage', '**/*.log'],
    ...toplevel !== undefined && { toplevel },
    ...archive !== undefined && { inputURL: archive },
  };
}
