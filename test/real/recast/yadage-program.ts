import { App, Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import {
  Cluster, MonitorImage, StepBackend, WorkflowDatabase, WorkflowMonitor, WorkflowServer, WorkflowServerImage, WorkflowSpec, WorkflowStorage,
  YadageEngine, YadageWorkflow,
} from '../../../src';
import { MONITOR_IMAGE, REANA_IMAGE, YADAGE_IMAGE } from '../rootfs';

const [IMAGE, TAG] = YADAGE_IMAGE.split(':');

export const NAMESPACE = 'recast';

/** The same with Packtivity's own backend. */
export const DIRECT_NAMESPACE = 'recast-direct';

export const environment = (more: object = {}) => ({ environment_type: 'docker-encapsulated', image: `docker.io/${IMAGE}`, imagetag: TAG, ...more });

export const publish = (key: string) => ({ publisher_type: 'frompar-pub', outputmap: { [key]: 'outputfile' } });

export const shell = (cmd: string, key = 'output', more: object = {}) => ({
  process: { process_type: 'string-interpolated-cmd', cmd }, publisher: publish(key), environment: environment(more),
});

export const single = (name: string, after: string, parameters: object, step: object) => ({
  name, dependencies: [after], scheduler: { scheduler_type: 'singlestep-stage', parameters: { outputfile: '{workdir}/output.txt', ...parameters }, step },
});

/** Events of several samples, one step each; then one that reads what all of them have written. */
const SCATTER_AND_GATHER = {
  stages: [
    {
      name: 'generate',
      dependencies: ['init'],
      scheduler: {
        scheduler_type: 'multistep-stage',
        parameters: { sample: { step: 'init', output: 'samples' }, outputfile: '{workdir}/events.txt' },
        scatter: { method: 'zip', parameters: ['sample'] },
        step: shell("cat /etc/generator.conf; echo 'events of {sample}' | tee {outputfile}; id -u; echo noise >&2", 'events', {
          resources: [{ kubernetes_memory_limit: '192Mi' }],
          par_mounts: [{ mountpath: '/etc/generator.conf', jqscript: '{beam: .sample}' }],
        }),
      },
    },
    single('merge', 'generate', { inputs: { stages: 'generate', output: 'events', unwrap: true } }, {
      process: {
        process_type: 'interpolated-script-cmd',
        interpreter: 'python3',
        script: "import sys\nfiles = '{inputs}'.split()\nprint('merging', len(files), \"it's\")\nopen('{outputfile}', 'w').write(''.join(open(file).read() for file in files))\n",
      },
      publisher: publish('merged'),
      environment: environment(),
    }),
  ],
};

/** A workflow of one step. */
export const lone = (step: object) => ({ stages: [single('lone', 'init', {}, step)] });

/** What the workflows are called, and what each is. */
export const WORKFLOWS: { readonly [name: string]: object } = {
  'higgs': SCATTER_AND_GATHER,
  // as another user than the engine, in a directory that the engine has made
  'fails-late': lone(shell('echo done >{outputfile}; echo "the detector is on fire"; exit 1', 'output', { resources: [{ kubernetes_uid: 1500 }] })),
  'too-big': lone(shell('python3 -c "print(len(bytearray(300000000)))" && echo done >{outputfile}', 'output', { resources: [{ kubernetes_memory_limit: '64Mi' }] })),
  'no-image': lone({ ...shell('true'), environment: { ...environment(), imagetag: 'nobody-has-it' } }),
  'endless': lone(shell('sleep 3600')),
  'late': lone(shell('sleep 3600; echo late >{outputfile}')),
};

export const PARAMETERS = { samples: ['signal', 'ttbar', 'zjets'] };

/** The engine, its workflows, the page that shows them, and the server that takes more, in a cluster `condor-host`. */
export function program(outdir: string): void {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const common = { image: `docker.io/${YADAGE_IMAGE}`, updateInterval: Duration.seconds(1) };
  const engine = new YadageEngine(host, 'engine', {
    ...common,
    namespace: NAMESPACE,
    storage: WorkflowStorage.newClaim({ size: Size.gibibytes(1) }),
    steps: {
      resources: { cpu: { request: Cpu.millis(10) }, memory: { request: Size.mebibytes(64), limit: Size.mebibytes(256) } },
      startTimeout: Duration.seconds(20),
      timeLimit: Duration.minutes(20),
      labels: { 'cern.ch/experiment': 'atlas' },
    },
  });
  for (const [name, spec] of Object.entries(WORKFLOWS)) {
    new YadageWorkflow(host, name, { engine, spec: WorkflowSpec.inline(spec), parameters: name === 'higgs' ? PARAMETERS : { nothing: 0 } });
  }
  new WorkflowMonitor(host, 'monitor', { namespace: NAMESPACE, image: MonitorImage.own(`docker.io/${MONITOR_IMAGE}`) });
  new WorkflowServer(host, 'server', {
    namespace: NAMESPACE,
    // any image with Node.js will do, and any with PostgreSQL
    image: WorkflowServerImage.node(`docker.io/${MONITOR_IMAGE}`),
    database: new WorkflowDatabase(host, 'database', { namespace: NAMESPACE, image: `docker.io/${REANA_IMAGE}` }),
  });
  const direct = new YadageEngine(host, 'direct', {
    ...common,
    namespace: DIRECT_NAMESPACE,
    backend: StepBackend.KUBE_DIRECT_JOB,
    storage: WorkflowStorage.newClaim({ size: Size.gibibytes(1) }),
    steps: { root: true, resources: { cpu: { request: Cpu.millis(10) }, memory: { limit: Size.mebibytes(256) } } },
  });
  const { stages: [generate, merge] } = SCATTER_AND_GATHER as any;
  const plain = { stages: [{ ...generate, scheduler: { ...generate.scheduler, step: shell('echo {sample} >{outputfile}', 'events') } }, merge] };
  new YadageWorkflow(host, 'plain', { engine: direct, spec: WorkflowSpec.inline(plain), parameters: PARAMETERS });
  app.synth();
}
