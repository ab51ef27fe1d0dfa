import { randomBytes } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { App, Chart, Testing } from 'cdk8s';
import { stringify } from 'yaml';
import { engineFiles } from './engine-program';
import { WorkflowDatabase, WorkflowServer, WorkflowServerProps } from '../../../src';
import { run } from '../command';
import { Estate } from '../estate';
import { Component } from '../kubernetes/component';
import { ControlGroup } from '../kubernetes/control-group';
import { API_PORT, ControlPlane } from '../kubernetes/control-plane';
import { Machine } from '../machine';
import { until } from '../until';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** The users of the tests, and their tokens. */
export const TOKENS = {
  alice: 'alice-has-this-token', bob: 'bob-has-another-token', operator: 'the-operators-own-token', monitor: 'the-token-of-a-reader',
} as const;

const NAMESPACE = 'recast';
const PORT = 5000;
const PROGRAMS = '/usr/lib/postgresql';
const NODE_ADDRESS = '192.0.2.1';

export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly user?: keyof typeof TOKENS;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: unknown;
  /** How often a body that is text is said. */
  readonly repeat?: number;
}

export interface Answer {
  readonly status: number;
  readonly body: any;
  readonly ms: number;
}

/**
 * The workflow server on one machine: its bundled program with the environment, the ServiceAccount and the Role of the synthesized objects, before a real
 * API server and a real PostgreSQL. Jobs are the Job controller's; their pods run as processes, on a node that stands in for a kubelet.
 */
export class ServerLab {
  public static async open(props: Partial<WorkflowServerProps> = {}): Promise<ServerLab> {
    const estate = Estate.found(`heptest${randomBytes(2).toString('hex')}`);
    try {
      const machine = await Machine.make(`${estate.prefix}-api`);
      // the API server insists on an address that isn't loopback
      await machine.ip('addr', 'add', `${NODE_ADDRESS}/32`, 'dev', 'lo');
      const group = new ControlGroup(estate.prefix);
      const controlPlane = await ControlPlane.start(machine, { name: 'api', directory: path.join(estate.state, 'api'), group });
      const lab = new ServerLab(estate, machine, group, controlPlane, props);
      await lab.begin();
      return lab;
    } catch (error) {
      await estate.close();
      throw error;
    }
  }

  public database!: Component;
  public server!: Component;
  public node!: Component;
  /** The objects that were synthesized. */
  public manifests: any[] = [];
  private readonly directory: string;

  private constructor(
    private readonly estate: Estate, private readonly machine: Machine, private readonly group: ControlGroup,
    public readonly controlPlane: ControlPlane,
    private readonly props: Partial<WorkflowServerProps>,
  ) {
    this.directory = estate.state;
  }

  /** Asks everything at once. */
  public async ask(...questions: Question[]): Promise<Answer[]> {
    const input = JSON.stringify({
      host: '127.0.0.1',
      port: PORT,
      questions: questions.map(({ user, headers, ...question }) => ({
        ...question, headers: { ...user && { Authorization: `Bearer ${TOKENS[user]}` }, ...headers },
      })),
    });
    return JSON.parse(await this.machine.run([process.execPath, path.join(__dirname, 'ask.js')], { input, timeout: 120 }));
  }

  /** Submits a workflow, and gives its id. */
  public async submit(body: object, user: keyof typeof TOKENS = 'alice'): Promise<string> {
    const [{ status, body: answer }] = await this.ask({ method: 'POST', path: '/workflow_submit', user, body });
    if (status !== 200) { throw new Error(`${status}: ${JSON.stringify(answer)}`); }
    return answer.id;
  }

  /** The states of requests, each with its reason. */
  public async states(ids: readonly string[], user: keyof typeof TOKENS = 'operator'): Promise<{ readonly states: string[]; readonly reasons: string[] }> {
    const [{ status, body }] = await this.ask({ method: 'GET', path: `/workflow_status?workflow_ids=${ids.join(',')}`, user });
    if (status !== 200) { throw new Error(`${status}: ${JSON.stringify(body)}`); }
    return { states: body.status_codes, reasons: body.reasons };
  }

  public async kubectl(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.controlPlane.kubectl(args);
    if (status !== 0) { throw new Error(`kubectl ${args.join(' ')}: ${stderr}`); }
    return stdout;
  }

  /** Makes an object, as the administrator. */
  public async create(object: object): Promise<any> {
    const { status, stdout, stderr } = await this.controlPlane.kubectl(['create', '-o', 'json', '-f', '-'], { input: JSON.stringify(object) });
    if (status !== 0) { throw new Error(stderr); }
    return JSON.parse(stdout);
  }

  /** The pod of a step, as an engine's backend would make it, with what it said. */
  public async stepPod(id: string, step: string, said: string): Promise<void> {
    const { metadata: { uid } } = await this.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `wflow-job-${step}`, namespace: NAMESPACE, labels: { component: 'wflow-job', wflowid: id, jobid: step } },
      spec: {
        nodeName: 'stand-in',
        restartPolicy: 'Never',
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [{ name: 'payload', image: 'step', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
      },
    });
    const directory = path.join(this.directory, 'node', uid);
    fs.mkdirSync(directory);
    fs.writeFileSync(path.join(directory, 'log'), `${new Date().toISOString()} ${said}\n`);
  }

  /** What the node has run: `start` and `end`, with the request, the pod and the process. */
  public runs(): { readonly what: string; readonly id: string; readonly pod: string; readonly pid: number }[] {
    const file = path.join(this.directory, 'node', 'starts');
    const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    return text.split('\n').filter(line => line).map(line => {
      const [what, id, pod, pid] = line.split(' ');
      return { what, id, pod, pid: Number(pid) };
    });
  }

  /** Which engine is made from now on: real Yadage, or one that waits and ends as it is told. */
  public engine(kind: 'yadage' | 'quick'): void {
    const { command, env } = engineFiles(kind);
    fs.writeFileSync(path.join(this.directory, 'job_template'), stringify({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: null, labels: { wflowid: null, component: 'wflow-engine' } },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { labels: { wflowid: null, component: 'wflow-engine' } },
          spec: {
            restartPolicy: 'Never',
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 1,
            securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [{
              name: 'worker',
              image: 'engine',
              command,
              env: Object.entries({ ...env, WFLOW_SERVER: `http://127.0.0.1:${PORT}` }).map(([name, value]) => ({ name, value })),
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            }],
          },
        },
      },
    }));
  }

  public async close(): Promise<void> {
    await this.estate.close();
  }

  private component(name: string, argv: string[], env: { readonly [name: string]: string } = {}): Component {
    return new Component(name, argv, { network: this.machine.path, group: this.group, logs: path.join(this.directory, 'logs') }, { env });
  }

  private async begin(): Promise<void> {
    await this.startDatabase();
    this.synthesize();
    // the workflow objects' definition is a moment before the objects' Roles, whichever comes first
    for (const manifest of this.manifests) {
      const { status, stderr } = await this.controlPlane.kubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(manifest) });
      if (status !== 0) { throw new Error(stderr); }
    }
    this.engine('quick');
    await this.startNode();
    await this.startServer();
  }

  private synthesize(): void {
    const app = new App();
    const chart = new Chart(app, 'lab', { namespace: NAMESPACE });
    const database = WorkflowDatabase.external({ host: '127.0.0.1', credentials: { secretName: 'db' } });
    new WorkflowServer(chart, 'server', { database, slots: 2, admins: ['operator'], readers: ['monitor'], ...this.props });
    this.manifests = Testing.synth(chart);
  }

  private async startDatabase(): Promise<void> {
    const [version] = fs.readdirSync(PROGRAMS).sort((a, b) => Number(b) - Number(a));
    const program = (name: string) => path.join(PROGRAMS, version, 'bin', name);
    const as = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'];
    const data = path.join(this.directory, 'database');
    fs.mkdirSync(data);
    await run(['chown', 'postgres', data]);
    await run([...as, program('initdb'), `--pgdata=${data}/data`, '--auth=trust', '--username=wflow', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync']);
    this.database = this.component('postgres', [...as, program('postgres'), '-D', `${data}/data`, '-k', data, '-c', 'listen_addresses=127.0.0.1']);
    this.database.start();
    await this.database.until('ready', async () => (await this.machine.attempt([program('pg_isready'), '--host=127.0.0.1', '--quiet'])).status === 0);
    await this.machine.run([program('createdb'), '--host=127.0.0.1', '--username=wflow', 'wflow']);
  }

  private async startNode(): Promise<void> {
    const serving = await this.controlPlane.authority.issue('node', { user: 'system:node:stand-in', groups: ['system:nodes'], addresses: [NODE_ADDRESS] });
    const directory = path.join(this.directory, 'node');
    const workingDirectory = path.join(directory, 'work');
    fs.mkdirSync(workingDirectory, { recursive: true });
    const file = path.join(directory, 'options.json');
    fs.writeFileSync(file, JSON.stringify({
      server: `https://127.0.0.1:${API_PORT}`,
      authority: this.controlPlane.authority.certificate,
      admin: this.controlPlane.admin,
      serving,
      namespace: NAMESPACE,
      directory,
      workingDirectory,
      address: NODE_ADDRESS,
      port: 10250,
      name: 'stand-in',
    }));
    this.node = this.component('node', [process.execPath, path.join(__dirname, 'stand-in-node.js'), file]).start();
  }

  /** The container's own command and environment; what it mounts is in folders. */
  private async startServer(): Promise<void> {
    const object = (kind: string, name: string) => this.manifests.find(each => each.kind === kind && each.metadata.name === name);
    const pod = object('Deployment', 'wflow-server').spec.template.spec;
    const [container] = pod.containers;
    const folder = (name: string, files: { readonly [file: string]: string }) => {
      const directory = path.join(this.directory, name);
      fs.mkdirSync(directory, { recursive: true });
      for (const [file, text] of Object.entries(files)) { fs.writeFileSync(path.join(directory, file), text); }
      return directory;
    };
    const secret: { readonly [key: string]: string } = { user: 'wflow', password: 'any' };
    const valueOf = ({ value, valueFrom }: any) => value ?? (valueFrom.fieldRef ? NAMESPACE : secret[valueFrom.secretKeyRef.key]);
    const env = Object.fromEntries(container.env.map((variable: any) => [variable.name, valueOf(variable)]));
    const account = folder('account', {
      'ca.crt': fs.readFileSync(this.controlPlane.authority.certificate, 'utf8'),
      'token': await this.kubectl('create', 'token', pod.serviceAccountName, '--namespace', NAMESPACE, '--duration=12h'),
    });
    const program = folder('program', object('ConfigMap', 'wflow-server-program').data);
    this.server = this.component('server', [process.execPath, path.join(program, path.basename(container.command[1]))], {
      ...env,
      WFLOW_JOB_TEMPLATE: path.join(this.directory, 'job_template'),
      WFLOW_TOKENS: folder('tokens', TOKENS),
      WFLOW_SERVICE_ACCOUNT: account,
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: `${API_PORT}`,
    });
    this.server.start();
    await this.ready();
  }

  /** Waits until the server answers. */
  public async ready(seconds = 60): Promise<void> {
    await until('the server answers', async () => (await this.ask({ method: 'GET', path: '/readyz' }))[0].status === 200, seconds);
  }
}
