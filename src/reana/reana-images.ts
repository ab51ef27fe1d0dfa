import { problem } from '../problem';

/**
 * The images of REANA's own programs. Versions belong together: the ones that are here by default are those of one release.
 */
export interface ReanaImages {
  /**
   * The API, the scheduler, the CronJobs and the initialisation.
   *
   * @default 'docker.io/reanahub/reana-server:0.95.0-alpha.6'
   */
  readonly server?: string;

  /**
   * The workflow controller and the consumer of job statuses.
   *
   * @default 'docker.io/reanahub/reana-workflow-controller:0.95.0-alpha.7'
   */
  readonly workflowController?: string;

  /**
   * What makes Jobs of a workflow's steps, beside each workflow's engine (`REANA_JOB_CONTROLLER_IMAGE`).
   *
   * @default 'docker.io/reanahub/reana-job-controller:0.95.0-alpha.5'
   */
  readonly jobController?: string;

  /**
   * The engine of CWL workflows (`REANA_WORKFLOW_ENGINE_IMAGE_CWL`).
   *
   * @default 'docker.io/reanahub/reana-workflow-engine-cwl:0.95.0-alpha.5'
   */
  readonly cwl?: string;

  /**
   * The engine of Yadage workflows (`REANA_WORKFLOW_ENGINE_IMAGE_YADAGE`).
   *
   * @default 'docker.io/reanahub/reana-workflow-engine-yadage:0.95.0-alpha.5'
   */
  readonly yadage?: string;

  /**
   * The engine of serial workflows (`REANA_WORKFLOW_ENGINE_IMAGE_SERIAL`).
   *
   * @default 'docker.io/reanahub/reana-workflow-engine-serial:0.95.0-alpha.5'
   */
  readonly serial?: string;

  /**
   * The engine of Snakemake workflows (`REANA_WORKFLOW_ENGINE_IMAGE_SNAKEMAKE`).
   *
   * @default 'docker.io/reanahub/reana-workflow-engine-snakemake:0.95.0-alpha.5'
   */
  readonly snakemake?: string;

  /**
   * What loads specifications, which is code of users (`REANA_WORKFLOW_VALIDATOR_IMAGE`).
   *
   * @default 'docker.io/reanahub/reana-workflow-validator:0.95.0-alpha.1'
   */
  readonly validator?: string;

  /**
   * What gets and renews Kerberos tickets, where workflows ask for them (`KRB5_CONTAINER_IMAGE`).
   *
   * @default 'docker.io/reanahub/reana-auth-krb5:1.0.3'
   */
  readonly kerberos?: string;

  /**
   * What gets a VOMS proxy, where steps ask for one (`VOMSPROXY_CONTAINER_IMAGE`).
   *
   * @default 'docker.io/reanahub/reana-auth-vomsproxy:1.3.1'
   */
  readonly vomsProxy?: string;

  /**
   * What makes a configuration of Rucio, where steps ask for one (`RUCIO_CONTAINER_IMAGE`).
   *
   * @default 'docker.io/reanahub/reana-auth-rucio:1.1.1'
   */
  readonly rucio?: string;
}

/** The images of one release, where no others are given. Without a tag REANA's code would take `latest`. */
export function imagesOf(given: ReanaImages = {}): Required<ReanaImages> {
  return {
    server: given.server ?? 'docker.io/reanahub/reana-server:0.95.0-alpha.6',
    workflowController: given.workflowController ?? 'docker.io/reanahub/reana-workflow-controller:0.95.0-alpha.7',
    jobController: given.jobController ?? 'docker.io/reanahub/reana-job-controller:0.95.0-alpha.5',
    cwl: given.cwl ?? 'docker.io/reanahub/reana-workflow-engine-cwl:0.95.0-alpha.5',
    yadage: given.yadage ?? 'docker.io/reanahub/reana-workflow-engine-yadage:0.95.0-alpha.5',
    serial: given.serial ?? 'docker.io/reanahub/reana-workflow-engine-serial:0.95.0-alpha.5',
    snakemake: given.snakemake ?? 'docker.io/reanahub/reana-workflow-engine-snakemake:0.95.0-alpha.5',
    kerberos: given.kerberos ?? 'docker.io/reanahub/reana-auth-krb5:1.0.3',
    vomsProxy: given.vomsProxy ?? 'docker.io/reanahub/reana-auth-vomsproxy:1.3.1',
    rucio: given.rucio ?? 'docker.io/reanahub/reana-auth-rucio:1.1.1',
    validator: given.validator ?? 'docker.io/reanahub/reana-workflow-validator:0.95.0-alpha.1',
  };
}

/** A name, with a port of the registry or none, and a tag, a digest or both. */
const PINNED = /^[a-z0-9][\w./-]*(:\d+\/[\w./-]+)?(?=[:@])(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/i;

export function imageProblems(images: Required<ReanaImages>): string[] {
  return Object.entries(images).filter(([, reference]) => !PINNED.test(reference))
    .map(([image, reference]) => problem(`images.${image}`, reference, 'an image reference with a tag or a digest, such as registry.example/reana-server:0.95.0'));
}
