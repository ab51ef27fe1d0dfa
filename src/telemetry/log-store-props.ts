import { Duration, Size } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-27';
import { ServiceExposure } from '../workload';
import { SecretReference } from '../workload/secret-reference';

/** A cluster that writes into a `LogStore`, and the door that it has there. */
export interface LogWriter {
  /** The cluster's name: what comes through its door is stored as that cluster's, whatever it says of itself. */
  readonly cluster: string;

  /** The port of its door, another for each. It stays when other clusters come and go. */
  readonly port: number;

  /**
   * Who vouches for that cluster's certificates: a certificate authority that vouches for no other cluster's. Its certificate (key `ca.crt` unless
   * stated).
   *
   * @default - the Secret `<id>-writer-<cluster>`
   */
  readonly authority?: SecretReference;
}

/** Properties of a `LogStore`. */
export interface LogStoreProps {
  /** The name by which agents reach the store, and that its certificate is for. */
  readonly address: string;

  /**
   * The clusters that write into it.
   *
   * Refused at synth: none, a cluster or a port twice, ports below 1024 or of the store itself, a name that is no DNS label.
   */
  readonly writers: LogWriter[];

  /**
   * The Secret with the store's own certificate, for `address`: `tls.crt` and `tls.key`. A `key` isn't looked at. What is renewed in it is read again in
   * five minutes.
   *
   * @default - the Secret `<id>-tls`
   */
  readonly certificate?: SecretReference;

  /**
   * How long records are kept (`-retentionPeriod`). Older ones are refused when they come.
   *
   * Refused at synth: less than a day, more than 100 years, what isn't whole days; with `dailyVolume` more than fits into `maxDiskUsage`.
   *
   * @default Duration.days(30)
   */
  readonly retention?: Duration;

  /**
   * The size of the volume.
   *
   * @default Size.gibibytes(20)
   */
  readonly storage?: Size;

  /**
   * How much of the volume records may take before the oldest days go (`-retention.maxDiskSpaceUsageBytes`), whatever `retention` says.
   *
   * Refused at synth: more than nine tenths of `storage`.
   *
   * @default - nine tenths of `storage`
   */
  readonly maxDiskUsage?: Size;

  /**
   * What one day's records of all clusters take on the disk, compressed, as far as you know it. It is compared with the retention, and goes nowhere.
   *
   * @default - not known
   */
  readonly dailyVolume?: Size;

  /**
   * The volume's storage class.
   *
   * @default - the cluster's default class
   */
  readonly storageClass?: string;

  /**
   * How agents of other clusters reach it.
   *
   * @default ServiceExposure.loadBalancer()
   */
  readonly exposure?: ServiceExposure;

  /**
   * The namespace.
   *
   * @default - the chart's, or `logging`
   */
  readonly namespace?: string;

  /**
   * VictoriaLogs, 1.52 or newer.
   *
   * @default victoriametrics/victoria-logs:v1.52.1
   */
  readonly image?: string;

  /**
   * The OpenTelemetry Collector of its gateway, 0.149 or newer.
   *
   * @default otel/opentelemetry-collector-contrib:0.149.0
   */
  readonly gatewayImage?: string;

  /**
   * CPU and memory of VictoriaLogs.
   *
   * @default - requests 100m and 256 MiB, limit 1 GiB
   */
  readonly resources?: ContainerResources;

  /**
   * Names of Secrets of the type `kubernetes.io/dockerconfigjson`, for private registries.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];
}

/** Options of `LogStore.fromAddress`. */
export interface ExistingLogStoreOptions {
  /**
   * Headers that the store asks for, such as the tenant. They are written into the configuration: no secrets.
   *
   * @default - none
   */
  readonly headers?: { readonly [name: string]: string };

  /**
   * The clusters that may write into it.
   *
   * @default - any
   */
  readonly clusters?: string[];
}
