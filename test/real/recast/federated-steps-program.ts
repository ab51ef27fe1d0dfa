import * as fs from 'fs';
import { App, Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import { environment, NAMESPACE, publish, shell, single } from './yadage-program';
import {
  Cluster, FederatedCluster, FederatedSteps, Federation, LossPolicy, MonitorImage, StagingServer, WorkflowMonitor, WorkflowSpec, WorkflowStorage,
  YadageEngine, YadageWorkflow,
} from '../../../src';
import { Testbed } from '../kubernetes/testbed';
import { MONITOR_IMAGE, STAGING_IMAGE, YADAGE_IMAGE } from '../rootfs';

export const STAGING = 'staging.cern.ch';

/** After how many seconds without a word T-Systems is taken for lost. */
export const LOSS_TIMEOUT = 45;

const at = (place: string, more: object = {}) => ({ resources: [{ compute_backend: place }], ...more });

/** Waits until it is told to go on, and says where it was. */
const WAITS = 'echo waiting; until [ -e /tmp/go ]; do sleep 0.2; done; cat /proc/sys/kernel/hostname >{outputfile}; echo going';

/** Events are made here, fitted at T-Systems, and what came of it is looked at here. */
const THERE_AND_BACK = {
  stages: [
    single('generate', 'init', {}, shell('cd $(dirname {outputfile}); echo events >{outputfile}; mkdir runs; echo of run 1 >runs/1; ln -s runs/1 last', 'events')),
    single('fit', 'generate', { events: { stages: 'generate', output: 'events', unwrap: true }, outputfile: '{workdir}/results/fit.sh', mass: 125 }, {
      process: {
        process_type: 'string-interpolated-cmd',
        cmd: `set -e
          mkdir $(dirname {outputfile}); cd $(dirname {outputfile}); ln -s fit.sh latest; head -c 3000000 /dev/zero >large
          echo '#!/bin/sh' >{outputfile}; echo "echo '$(cat {events} $(dirname {events})/last /etc/fit.conf)'" >>{outputfile}
          cat /proc/sys/kernel/hostname | sed 's/^/echo /' >>{outputfile}; chmod 755 {outputfile}; id -u; ls /srv/workerdata; env`,
      },
      publisher: publish('fitted'),
      environment: environment(at('cloud', { par_mounts: [{ mountpath: '/etc/fit.conf', jqscript: '{mass: .mass}' }] })),
    }),
    single('report', 'fit', { fitted: { stages: 'fit', output: 'fitted', unwrap: true } },
      shell('{fitted} >{outputfile}; stat -c %s $(dirname {fitted})/large >>{outputfile}; readlink $(dirname {fitted})/latest >>{outputfile}')),
  ],
};

const lone = (step: object) => ({ stages: [single('lone', 'init', {}, step)] });

const WORKFLOWS: { readonly [name: string]: object } = {
  'there-and-back': THERE_AND_BACK,
  'fails': lone(shell('echo half >{outputfile}; echo "no minimum"; exit 3', 'output', at('cloud'))),
  'too-big': lone(shell('python3 -c "print(len(bytearray(300000000)))"', 'output', { resources: [{ compute_backend: 'cloud', kubernetes_memory_limit: '64Mi' }] })),
  'no-image': lone({ ...shell('true'), environment: environment(at('cloud', { imagetag: 'nobody-has-it' })) }),
  'no-shell': lone({ ...shell('true'), environment: environment(at('cloud', { image: 'docker.io/cdk8s-hep/pause', imagetag: '1' })) }),
  'nowhere': lone(shell('true', 'output', at('moon'))),
  'cut': lone(shell(WAITS, 'output', at('cloud'))),
  'lost': lone(shell(WAITS, 'output', at('cloud'))),
  'strict': lone(shell(WAITS, 'output', at('strict'))),
  'deleted': lone(shell('sleep 3600', 'output', at('cloud'))),
};

/** A host with an engine, and a member that takes steps. */
export const program = (testbed: Testbed) => (outdir: string): void => {
  const app = new App({ outdir });
  const host = new Cluster(app, 'condor-host');
  const federation = new Federation(app, 'fed', { host });
  const there = testbed.cluster('tsystems');
  const authorities = (cluster: typeof there) => fs.readFileSync(cluster.controlPlane.authority.certificate, 'utf8');
  const tsystems = new FederatedCluster(app, 'tsystems', { federation, apiServer: there.publicServer, caBundle: authorities(there) });
  const engine = new YadageEngine(host, 'engine', {
    namespace: NAMESPACE,
    image: `docker.io/${YADAGE_IMAGE}`,
    updateInterval: Duration.seconds(1),
    storage: WorkflowStorage.newClaim({ size: Size.gibibytes(1) }),
    steps: {
      resources: { cpu: { request: Cpu.millis(10) }, memory: { request: Size.mebibytes(32), limit: Size.mebibytes(256) } },
      startTimeout: Duration.seconds(20),
      user: 1500,
    },
  });
  const staging = new StagingServer(host, 'staging', {
    engine, address: STAGING, caBundle: authorities(testbed.cluster('condor-host')), image: `docker.io/${STAGING_IMAGE}`, replicas: 1,
  });
  const common = { staging, lossTimeout: Duration.seconds(LOSS_TIMEOUT) };
  new FederatedSteps(tsystems, 'cloud', { ...common, scratchSize: Size.mebibytes(100) });
  new FederatedSteps(tsystems, 'strict', { ...common, onLoss: LossPolicy.FAIL });
  for (const [name, spec] of Object.entries(WORKFLOWS)) {
    new YadageWorkflow(host, name, { engine, spec: WorkflowSpec.inline(spec), parameters: { mass: 125 } });
  }
  new WorkflowMonitor(host, 'monitor', { namespace: NAMESPACE, image: MonitorImage.own(`docker.io/${MONITOR_IMAGE}`) });
  app.synth();
};
