import { ApiObject, Chart, Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { EngineJob, engineJobSpec, SHARED_WITH_STEPS, WORKFLOW_ID } from './engine-job';
import { plainYaml } from './plain-yaml';
import { SPEC_DIRECTORY, WorkflowSpec } from './workflow-spec';
import { SHARED_MOUNT } from './workflow-storage';
import { YadageEngine } from './yadage-engine';
import { isDnsLabel, isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';
import { digest } from '../workload/named-by-content';
import { SecretReference } from '../workload/secret-reference';
import { declareTraffic } from '../workload/traffic';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Where an engine finds how its workflow is run. */
const RUN_DIRECTORY = '/workflow';

/** The file that says it; no file of a specification has such a name. */
const RUN = 'yadage-run';

/** The longest name: an id is the name, a hyphen and eight characters, and Jobs `wflow-nonint-<id>` have labels of 63. */
const LONGEST_NAME = 40;

/** As much as a ConfigMap may hold. */
const MOST_BYTES = 1024 * 1024;

/** Files that are there before a workflow begins: what its `init` stage finds. */
export class WorkflowInputs {
  /**
   * A folder of the shared volume, which must be there when the engine starts.
   *
   * @param path the path on the volume, relative to its root. Refused: an absolute path, one with `..`.
   */
  public static directory(path: string): WorkflowInputs {
    return new WorkflowInputs({ initdir: `${SHARED_MOUNT}/${path}` }, isRelative(path) ? [] : [problem('inputs', path, 'a relative path without ..')]);
  }

  /**
   * A ZIP archive that the engine fetches and unpacks.
   *
   * @param url its address, `https://...` or `http://...`
   * @param folder the folder in it, with a slash at its end, whose content is taken; without, all of it
   */
  public static archive(url: string, folder?: string): WorkflowInputs {
    const problems = [
      ...URL.canParse(url) && /^https?:/.test(url) ? [] : [problem('inputs', url, 'an address https://... or http://...')],
      ...folder === undefined || folder.endsWith('/') ? [] : [problem('inputs folder', folder, 'a folder, with a slash at its end')],
    ];
    return new WorkflowInputs({ inputarchive: url, ...folder !== undefined && { archivematch: folder } }, problems);
  }

  private constructor(
    /** @internal */
    public readonly _dataOptions: object,
    /** @internal */
    public readonly _problems: readonly string[],
  ) {}
}

/** Properties of a `YadageWorkflow`. */
export interface YadageWorkflowProps {
  /** What runs it. */
  readonly engine: YadageEngine;

  /** What it is. */
  readonly spec: WorkflowSpec;

  /**
   * The parameters of its `init` stage (`initdata`): anything that YAML can say. `{workdir}` in a text is the workflow's directory.
   *
   * @default - none
   */
  readonly parameters?: { [name: string]: any };

  /**
   * Files that its `init` stage finds.
   *
   * @default - none
   */
  readonly inputs?: WorkflowInputs;

  /**
   * The name that its id begins with: a DNS label of at most 40 characters.
   *
   * @default - the construct's id
   */
  readonly name?: string;

  /**
   * The longest that it may take (`activeDeadlineSeconds` of the engine's Job); its steps are then ended with it.
   *
   * @default - no limit
   */
  readonly timeLimit?: Duration;

  /**
   * The token with which a private specification is fetched (`YADAGE_SCHEMA_LOAD_TOKEN`); key `token` unless another is said.
   *
   * @default - none
   */
  readonly specToken?: SecretReference;

  /**
   * The token with which a private input archive is fetched (`YADAGE_INIT_TOKEN`); key `token` unless another is said.
   *
   * @default - none
   */
  readonly inputToken?: SecretReference;
}

/**
 * A Yadage workflow: a Job `wflow-nonint-<id>` that runs `yadage-run`, which makes a Job `wflow-job-<jobid>` of each step.
 *
 * Its id is its name and what it is, `<name>-<8 hexadecimal digits>`: with another specification, parameters or image it is another workflow, which runs once.
 * An equal program changes nothing, and nothing runs again. The workflow's directory is `workdirs/<id>` on the shared volume, where Yadage keeps what each
 * step has written, in a folder of the step, and the graph in `_yadage/`. Who deletes the Job ends the workflow and its steps; the directory stays.
 *
 * All Jobs and pods have the label `wflowid`; `component` is `wflow-engine` or `wflow-job`. The ConfigMap `wflow-state-<id>` says how far it is.
 */
export class YadageWorkflow extends Construct {
  /** The engine's Job. */
  public readonly job: ApiObject;

  private readonly engineJob: EngineJob;

  /**
   * @param scope the chart of the engine, or something in it
   * @param id the construct's id
   * @param props the specification and its parameters
   */
  public constructor(scope: Construct, id: string, private readonly props: YadageWorkflowProps) {
    super(scope, id);
    const { engine, spec } = props;
    const { namespace } = engine;
    const files = { [RUN]: plainYaml(this.run()), ...spec._files() };
    const name = `wflow-spec-${digest(files)}`;
    this.node.addDependency(engine);
    this.node.addValidation({ validate: () => this.problems(files) });
    new ApiObject(this, 'Specification', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, immutable: true, data: files });
    const { storage, image, resources, imagePullSecrets, nodeSelector } = engine._props;
    const token = (variable: string, secret: SecretReference | undefined) =>
      secret ? [{ name: variable, valueFrom: { secretKeyRef: { name: secret.secretName, key: secret.key ?? 'token' } } }] : [];
    this.engineJob = new EngineJob(this, 'Job', this.workflowName, namespace, engineJobSpec({
      storage,
      image,
      resources,
      imagePullSecrets,
      nodeSelector,
      user: engine._user,
      // what is said last holds
      command: ['sh', '-c', `${SHARED_WITH_STEPS} && printf 'dataarg: workdirs/%s\\n' "$0" >/tmp/dataarg.yml && exec yadage-run -f ${RUN_DIRECTORY}/${RUN} -f /tmp/dataarg.yml`, WORKFLOW_ID],
      environment: [...token('YADAGE_SCHEMA_LOAD_TOKEN', props.specToken), ...token('YADAGE_INIT_TOKEN', props.inputToken)],
      volumes: [{ name: 'workflow', configMap: { name } }],
      mounts: [
        { name: 'workflow', mountPath: `${RUN_DIRECTORY}/${RUN}`, subPath: RUN, readOnly: true },
        ...Object.keys(spec._files()).map(file => ({ name: 'workflow', mountPath: `${SPEC_DIRECTORY}/${file}`, subPath: file, readOnly: true })),
      ],
      activeDeadlineSeconds: props.timeLimit?.toSeconds({ integral: false }),
    }));
    this.job = this.engineJob;
    declareTraffic(this, { images: () => spec._images().map(reference => ({ reference, clusters: [Chart.of(this).node.id] })) });
  }

  /** The workflow's id, by which Jobs, pods, logs and the monitor name it. */
  public get workflowId(): string {
    return this.engineJob.workflowId;
  }

  private get workflowName(): string {
    return this.props.name ?? this.node.id;
  }

  /** What `yadage-run -f` reads. */
  private run(): object {
    const { engine, spec, parameters, inputs } = this.props;
    return {
      ...spec._run(),
      ...parameters && { initdata: parameters },
      ...inputs && { dataopts: inputs._dataOptions },
      backend: engine._backend,
      updateinterval: engine._updateInterval,
      // its pictures want Graphviz and ImageMagick; there is the monitor
      visualize: false,
    };
  }

  private problems(files: { readonly [name: string]: string }): string[] {
    const { spec, inputs, specToken, inputToken, timeLimit, engine } = this.props;
    const problems = [...spec._problems(), ...inputs?._problems ?? []];
    if (!isDnsLabel(this.workflowName) || this.workflowName.length > LONGEST_NAME) {
      problems.push(problem('name', this.workflowName, `a DNS label of at most ${LONGEST_NAME} characters`));
    }
    for (const [property, secret] of Object.entries({ specToken, inputToken })) {
      if (secret && !isDnsSubdomain(secret.secretName)) { problems.push(problem(`${property}.secretName`, secret.secretName, 'the name of a Secret')); }
    }
    const seconds = timeLimit?.toSeconds({ integral: false }) ?? 1;
    if (!Number.isInteger(seconds) || seconds < 1) { problems.push(problem('timeLimit', `${seconds} s`, 'whole seconds, from 1 on')); }
    const bytes = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    if (bytes > MOST_BYTES) { problems.push(problem('spec', `${bytes} bytes`, `at most ${MOST_BYTES} bytes, as a ConfigMap holds; a repository has more`)); }
    if (Chart.of(engine) !== Chart.of(this)) { problems.push(problem('engine', engine.node.path, 'an engine of the same chart')); }
    return problems;
  }
}

function isRelative(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !path.split('/').includes('..');
}
