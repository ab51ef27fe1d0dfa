import { Duration, Size } from 'cdk8s';
import type { ContainerResources } from 'cdk8s-plus-27';
import { Monitoring } from './monitoring';
import { PrometheusImage } from './prometheus-image';
import { Federation } from '../federation/federation';
import { ServiceExposure } from '../workload/service-exposure';

/** Properties of `Metrics`. */
export interface MetricsProps {
  /**
   * The federation whose members' metrics come here: each member gets an agent.
   *
   * Refused: one with another host cluster, one with `lateMembers`: an agent says which member it is of.
   *
   * @default - none: only what is scraped in the host cluster
   */
  readonly federation?: Federation;

  /**
   * The host name at which members reach the host's Prometheus. It is verified: the server's certificate must have it.
   *
   * Refused: what is no host name.
   */
  readonly address: string;

  /**
   * The TCP port, outside and inside. It must be in the cluster's range where `exposure` is a NodePort.
   *
   * @default 9090
   */
  readonly port?: number;

  /**
   * How members reach it.
   *
   * Refused with members: `ServiceExposure.clusterInternal()`.
   *
   * @default ServiceExposure.loadBalancer()
   */
  readonly exposure?: ServiceExposure;

  /**
   * The Secret of the host with the server's certificate, `tls.crt` and `tls.key`, and with `ca.crt`, the authority of those who may write and
   * ask: nobody else is let in. A certificate that is renewed is taken at once.
   *
   * @default - `<id>-tls`
   */
  readonly serverCertificate?: string;

  /**
   * The Secret of each member with its agent's certificate, for a TLS client, `tls.crt` and `tls.key`, and with `ca.crt`, the authority of the
   * server's.
   *
   * @default - `<id>-agent-tls`
   */
  readonly agentCertificate?: string;

  /**
   * Who makes the members' agents: `PLAIN` a Deployment with its configuration, `OPERATOR` the Prometheus operator, of a `PrometheusAgent` and
   * `ServiceMonitor`s, whose kinds the members must know. The host's Prometheus is a StatefulSet of its own in both: the operator can't run one that asks
   * its clients for certificates (prometheus-operator #5419). In the host it reads `ServiceMonitor`s for another Prometheus that may be there.
   *
   * @default Monitoring.PLAIN
   */
  readonly monitoring?: Monitoring;

  /**
   * How often metrics are read, from 5 seconds.
   *
   * @default Duration.seconds(30)
   */
  readonly scrapeInterval?: Duration;

  /**
   * How long metrics are kept in the host, at least a day (`--storage.tsdb.retention.time`).
   *
   * @default Duration.days(30)
   */
  readonly retention?: Duration;

  /**
   * The volume of the host's Prometheus, from 1 GiB. Of it 80 % are used (`--storage.tsdb.retention.size`); the oldest metrics go when they are full.
   *
   * @default Size.gibibytes(50)
   */
  readonly storageSize?: Size;

  /**
   * The volume's StorageClass.
   *
   * @default - the cluster's default one
   */
  readonly storageClass?: string;

  /**
   * How long an agent keeps what it can't deliver, from 10 minutes (`--storage.agent.retention.max-time`). It keeps it as long as its pod lives.
   *
   * @default Duration.hours(4)
   */
  readonly agentRetention?: Duration;

  /**
   * How much of its node's disk an agent may take, from 100 MiB.
   *
   * @default Size.gibibytes(2)
   */
  readonly agentDisk?: Size;

  /**
   * ConfigMaps of the same namespace with files `*.rules.yaml`, such as those of `Alarms`.
   *
   * @default - none
   */
  readonly rules?: string[];

  /**
   * Alertmanagers in the host cluster, `host:port`, by HTTP.
   *
   * @default - none
   */
  readonly alertmanagers?: string[];

  /**
   * The image of the host's Prometheus and the agents.
   *
   * @default PrometheusImage.official()
   */
  readonly image?: PrometheusImage;

  /**
   * Names of Secrets of type `kubernetes.io/dockerconfigjson`.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];

  /**
   * The namespace, in the host and in the members. It is defined, with the Pod Security level `restricted`.
   *
   * @default monitoring
   */
  readonly namespace?: string;

  /**
   * Whether NetworkPolicies close the pods to all but what they are for.
   *
   * @default true
   */
  readonly networkPolicies?: boolean;

  /**
   * Requests and limits of the host's Prometheus.
   *
   * @default - requests of 250m and 1 GiB, a limit of 4 GiB
   */
  readonly resources?: ContainerResources;

  /**
   * Requests and limits of an agent.
   *
   * @default - requests of 50m and 128 MiB, a limit of 512 MiB
   */
  readonly agentResources?: ContainerResources;
}
