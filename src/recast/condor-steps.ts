import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { CREDENTIALS_DIRECTORY, ENGINE_CREDENTIALS } from './engine-job';
import { LossPolicy } from './loss-policy';
import { YadageEngine } from './yadage-engine';
import { problem } from '../problem';
import { SecretReference } from '../workload/secret-reference';

/** Properties of `CondorSteps`. */
export interface CondorStepsProps {
  /** Whose steps may go there. */
  readonly engine: YadageEngine;

  /**
   * The addresses of the pool's central managers, `host:port`, as engines reach them (`COLLECTOR_HOST`): a `CondorHost` has them as `collectors`.
   */
  readonly collectors: string[];

  /** The name of the access point in the pool (`SCHEDD_NAME`): `ap1@cern.ch` is the access point `ap1` of a `CondorHost` whose `uidDomain` is `cern.ch`. */
  readonly accessPoint: string;

  /**
   * Where all machines have images unpacked, such as `/cvmfs/unpacked.cern.ch`: a step's image is then `<unpackedImages>/<image>:<tag>`. A step may say
   * otherwise: `unpacked_img` in the `resources` of its environment.
   *
   * @default - machines get images from their registries (`docker://<image>:<tag>`)
   */
  readonly unpackedImages?: string;

  /**
   * What machines must be, as a ClassAd expression (`requirements`): `TARGET.Datacenter == "otc"`. Steps that want `CVMFS` require `TARGET.HasCVMFS` besides.
   *
   * @default - any machine that runs containers, and has what the step asks for
   */
  readonly requirements?: string;

  /**
   * The group that steps are charged to (`accounting_group`).
   *
   * @default - that of the token's user
   */
  readonly accountingGroup?: string;

  /**
   * Further submit commands, such as `{ 'priority': '10', '+ProjectName': '"higgs"' }`. Refused: what is no command of one line. What engines say
   * themselves, they refuse.
   *
   * @default - none
   */
  readonly submitCommands?: { [command: string]: string };

  /**
   * The disk that a step may fill besides its inputs, unless it says `htcondor_request_disk` (`request_disk`).
   *
   * @default Size.gibibytes(1)
   */
  readonly disk?: Size;

  /**
   * How long a machine may be out of touch with the access point until its job is given up on both sides (`job_lease_duration`). It goes on where it is if
   * the link is back before; HTCondor 23.9 can't fetch outputs over a connection that it had to make again, and starts the job once more at its end. That a
   * machine is gone without a word is seen by TCP's keepalive alone: after eleven minutes, unless the pool has another `TCP_KEEPALIVE_INTERVAL`. Refused:
   * less than a minute, a part of a second.
   *
   * @default Duration.minutes(10)
   */
  readonly lossTimeout?: Duration;

  /**
   * What becomes of a step whose machine is lost, is drained or lets it go for another job.
   *
   * @default LossPolicy.RERUN
   */
  readonly onLoss?: LossPolicy;

  /**
   * How long jobs stay in the pool when their engine has ended without a word, and no engine renews their stay (`periodic_remove`). It is also how long an
   * access point may be out of the engine's reach until the step fails. Refused: less than ten minutes, a part of a second.
   *
   * @default Duration.hours(2)
   */
  readonly engineLease?: Duration;
}

const SHORTEST_LOSS = 60;
const SHORTEST_LEASE = 600;

/**
 * A pool of HTCondor in which steps of workflows run that say so: `compute_backend: <id>` in the `resources` of their environment. Each is a job of the
 * container universe, and HTCondor carries its files: nothing is shared with the machines.
 *
 * Engines show the pool a token of a user of its access point, with `READ` and `WRITE`. Their image must have HTCondor's library, `htcondor` of PyPI.
 */
export class CondorSteps extends Construct {
  /**
   * Where engines look for the token: the Secret `wflow-engine-credentials` of their namespace, under the key `<id>`. Somebody puts it there, or
   * `TokenMint.addRole` makes and renews it.
   */
  public readonly token: SecretReference;

  private readonly props: CondorStepsProps;

  /**
   * @param scope the chart of the engine, or something in it
   * @param id the name by which steps call it
   * @param props the engine, and the pool
   */
  public constructor(scope: Construct, id: string, props: CondorStepsProps) {
    super(scope, id);
    this.props = props;
    this.token = { secretName: ENGINE_CREDENTIALS, key: id };
    this.node.addValidation({ validate: () => this.problems() });
    props.engine._addComputeBackend(this, () => this.settings());
  }

  /** What engines are told, in the words of `sharedstatekube`. */
  private settings(): object {
    const { engine, collectors, accessPoint, unpackedImages, requirements, accountingGroup, submitCommands, disk, onLoss } = this.props;
    return {
      type: 'htcondor',
      collectors,
      access_point: accessPoint,
      token: `${CREDENTIALS_DIRECTORY}/${this.node.id}`,
      ...unpackedImages !== undefined && { unpacked_images: unpackedImages },
      ...requirements !== undefined && { requirements },
      ...accountingGroup !== undefined && { accounting_group: accountingGroup },
      ...submitCommands && { submit: submitCommands },
      disk_mebibytes: Math.ceil((disk ?? Size.gibibytes(1)).toKibibytes() / 1024),
      loss_timeout_seconds: this.lossTimeout,
      on_loss: onLoss ?? LossPolicy.RERUN,
      engine_lease_seconds: this.engineLease,
      poll_seconds: engine._updateInterval,
    };
  }

  private get lossTimeout(): number {
    return (this.props.lossTimeout ?? Duration.minutes(10)).toSeconds({ integral: false });
  }

  private get engineLease(): number {
    return (this.props.engineLease ?? Duration.hours(2)).toSeconds({ integral: false });
  }

  private problems(): string[] {
    const { collectors, accessPoint, unpackedImages, requirements, accountingGroup, submitCommands } = this.props;
    const problems: string[] = [];
    if (collectors.length === 0 || !collectors.every(each => /^[A-Za-z0-9.\[\]:-]+(\?\S+)?$/.test(each))) {
      problems.push(problem('collectors', collectors, 'addresses of central managers, host:port, at least one'));
    }
    if (!/^[\w.-]+(@[\w.-]+)?$/.test(accessPoint)) { problems.push(problem('accessPoint', accessPoint, 'the name of an access point, such as ap1@cern.ch')); }
    if (unpackedImages !== undefined && !/^\/[\w./-]+$/.test(unpackedImages)) { problems.push(problem('unpackedImages', unpackedImages, 'an absolute path')); }
    if (requirements !== undefined && !isLine(requirements)) { problems.push(problem('requirements', requirements, 'a ClassAd expression of one line')); }
    if (accountingGroup !== undefined && !/^\w+([.-]\w+)*$/.test(accountingGroup)) { problems.push(problem('accountingGroup', accountingGroup, 'the name of a group')); }
    for (const [command, value] of Object.entries(submitCommands ?? {})) {
      if (!/^\+?[A-Za-z_]\w*$/.test(command) || !isLine(value)) { problems.push(problem(`submitCommands['${command}']`, value, 'a submit command of one line')); }
    }
    for (const [property, seconds, least] of [['lossTimeout', this.lossTimeout, SHORTEST_LOSS], ['engineLease', this.engineLease, SHORTEST_LEASE]] as const) {
      if (!Number.isInteger(seconds) || seconds < least) { problems.push(problem(property, `${seconds} s`, `whole seconds, from ${least} on`)); }
    }
    return problems;
  }
}

function isLine(text: string): boolean {
  return text.trim() !== '' && !/[\r\n]/.test(text);
}
