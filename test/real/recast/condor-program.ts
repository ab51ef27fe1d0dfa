import { Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-27';
import { shell, single } from './yadage-program';
import {
  AccountingGroup, CondorImage, CondorSteps, CondorVersion, FileSystem, LossPolicy, StartdFleet, WorkflowSpec, WorkflowStorage, YadageEngine,
  YadageWorkflow,
} from '../../../src';
import { CYCLES_SOON, quickPool, SMALL } from '../quick-pool';
import { APPTAINER_IMAGE, YADAGE_IMAGE } from '../rootfs';

export const NAMESPACE = 'recast';

/** The pool's user that all steps are of. */
export const USER = 'recast';

/** Where nodes of the member have images unpacked, and what steps wait for; and where machines and steps see both. */
export const ON_NODE = { images: '/var/lib/unpacked', gates: '/var/lib/gates' };
const UNPACKED = '/cvmfs/unpacked.example';
const GATES = '/gates';

/** The image of steps that run there, as the specification names it. */
export const STEP_IMAGE = { name: 'library/analysis', tag: '1' };

/** The machine that is lost. */
export const LOST = 'otc-1';

/** How soon a machine that is out of touch is given up, in seconds. */
const LOSS_TIMEOUT = Duration.minutes(2);

/** What the steps of a place are besides: those of another group than the user's first. */
export const CHARGED = { accountingGroup: 'CMS', submitCommands: { 'priority': '5', '+ProjectName': '"higgs"' }, engineLease: Duration.hours(1) };

/** The places for steps, by what becomes of one whose machine is lost. */
const PLACES = {
  batch: { requirements: `!regexp("@${LOST}@", TARGET.Name)`, ...CHARGED },
  // at first the one that will be lost
  rerun: { requirements: `regexp("@${LOST}@", TARGET.Name) || (MY.NumJobStarts ?: 0) > 0`, lossTimeout: LOSS_TIMEOUT },
  fragile: { requirements: `regexp("@${LOST}@", TARGET.Name)`, lossTimeout: LOSS_TIMEOUT, onLoss: LossPolicy.FAIL },
};
export const PLACE_NAMES = Object.keys(PLACES);

/** A step of a place in the pool. */
const elsewhere = (place: string, cmd: string, resources: object[] = []) => {
  const step = shell(cmd);
  return { ...step, environment: { environment_type: 'docker-encapsulated', image: STEP_IMAGE.name, imagetag: STEP_IMAGE.tag, resources: [{ compute_backend: place }, ...resources] } };
};

/** A step there between two at the host: what it reads is written here, and what it writes is read here. */
const between = (place: string, cmd: string) => ({
  stages: [
    single('generate', 'init', {}, shell('echo events >{outputfile}; id -u')),
    single('fit', 'generate', { events: { stages: 'generate', output: 'output', unwrap: true } }, elsewhere(place, cmd)),
    single('report', 'fit', { fitted: { stages: 'fit', output: 'output', unwrap: true } }, shell('cat {fitted} >{outputfile}')),
  ],
});
const alone = (place: string, cmd: string, resources: object[] = []) => ({ stages: [single('lone', 'init', {}, elsewhere(place, cmd, resources))] });

/** Waits until the node that it is on has this file. */
const wait = (gate: string) => `echo begun; until [ -e ${GATES}/${gate} ]; do sleep 1; done`;
/** What the release of a step's own image is. */
const RELEASE = '. /etc/os-release; echo "$VERSION_CODENAME"';

export const WORKFLOWS: { readonly [name: string]: object } = {
  'there': between('batch', `${RELEASE}; pwd; cat {events} >{outputfile}; echo fitted >>{outputfile}; mkdir deep; echo more >"deep/a file, with a comma"; echo wrong >&2`),
  'fails': alone('batch', 'echo kept >{outputfile}; echo "the fit diverges"; exit 3'),
  'no-image': { stages: [single('lone', 'init', {}, { ...elsewhere('batch', 'true'), environment: { ...elsewhere('batch', 'true').environment, imagetag: 'nobody-has-it' } })] },
  'too-long': alone('batch', 'sleep 3600', [{ htcondor_max_runtime: 5 }]),
  'limited': alone('batch', 'sleep 3600', [{ htcondor_max_runtime: 120 }]),
  'endless': alone('batch', 'sleep 3600'),
  'cut': between('batch', `${wait('cut')}; cat {events} >{outputfile}`),
  'again': between('rerun', `${wait('again')}; cat {events} >{outputfile}`),
  'once': alone('fragile', `${wait('once')}; echo done >{outputfile}`),
};

/**
 * A pool at the host with machines at T-Systems, and an engine whose workflows have steps there.
 *
 * @param workflows whether there are workflows: the pool is there before them
 */
export const condorProgram = (workflows: boolean) => (outdir: string): void => {
  const { app, host, federation, pool } = quickPool(outdir, { tsystems: {} }, {
    users: [{ name: USER, uid: 20001, accountingGroups: ['ATLAS', CHARGED.accountingGroup] }],
    accountingGroups: ['ATLAS', CHARGED.accountingGroup].map(name => AccountingGroup.share(name, 0.5)),
    // a machine that is gone without a word is looked for sooner than after six minutes
    extraConfig: { ...CYCLES_SOON, TCP_KEEPALIVE_INTERVAL: 10 },
  });
  new StartdFleet(federation, 'startd', {
    pool,
    ...SMALL,
    image: new CondorImage({ reference: APPTAINER_IMAGE, version: CondorVersion.V23_9, slotUserPattern: 'slot1_%d', slotUsers: 64 }),
    containers: { bind: [GATES] },
    fileSystems: [FileSystem.hostPath('Unpacked', ON_NODE.images, { mountPath: UNPACKED }), FileSystem.hostPath('Gates', ON_NODE.gates, { mountPath: GATES })],
  });
  const engine = new YadageEngine(host, 'engine', {
    image: `docker.io/${YADAGE_IMAGE}`,
    namespace: NAMESPACE,
    updateInterval: Duration.seconds(2),
    storage: WorkflowStorage.newClaim({ size: Size.gibibytes(1) }),
    steps: { resources: { cpu: { request: Cpu.millis(10) }, memory: { request: Size.mebibytes(64), limit: Size.mebibytes(128) } } },
  });
  for (const [name, place] of Object.entries(PLACES)) {
    new CondorSteps(host, name, {
      engine, collectors: pool.collectors, accessPoint: `ap1@${pool.uidDomain}`, unpackedImages: UNPACKED, disk: Size.mebibytes(50), ...place,
    });
  }
  for (const [name, spec] of Object.entries(workflows ? WORKFLOWS : {})) {
    new YadageWorkflow(host, name, { engine, spec: WorkflowSpec.inline(spec), parameters: { nothing: 0 } });
  }
  app.synth();
};
