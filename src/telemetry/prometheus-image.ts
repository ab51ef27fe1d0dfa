import { problem } from '../problem';

/** Properties of a `PrometheusImage`. */
export interface PrometheusImageProps {
  /** The image's reference. A digest pins it for good. */
  readonly reference: string;

  /**
   * The major version of Prometheus in it, 2 or 3: they name the agent's option otherwise.
   *
   * Refused: other versions.
   *
   * @default 3
   */
  readonly majorVersion?: number;

  /**
   * The program.
   *
   * @default /bin/prometheus
   */
  readonly program?: string;
}

/** An image with Prometheus: its reference, its version, and where the program is. It runs as a user without rights, whatever user the image has. */
export class PrometheusImage {
  /**
   * The Prometheus project's own image.
   *
   * @param tag the tag, of version 3
   */
  public static official(tag = 'v3.5.0'): PrometheusImage {
    return new PrometheusImage({ reference: `quay.io/prometheus/prometheus:${tag}` });
  }

  /**
   * An image with the package `prometheus` of Debian trixie, version 2.53, which this project's tests run.
   *
   * @param reference where you have put the image
   */
  public static debian(reference: string): PrometheusImage {
    return new PrometheusImage({ reference, majorVersion: 2, program: '/usr/bin/prometheus' });
  }

  /** The image's reference. */
  public readonly reference: string;

  private readonly majorVersion: number;

  private readonly path: string;

  /** @param props the reference, and what is in it */
  public constructor(props: PrometheusImageProps) {
    this.reference = props.reference;
    this.majorVersion = props.majorVersion ?? 3;
    this.path = props.program ?? '/bin/prometheus';
  }

  /** @internal */
  public get _program(): string { return this.path; }

  /**
   * What makes it an agent.
   *
   * @internal
   */
  public get _agentOption(): string {
    return this.majorVersion === 2 ? '--enable-feature=agent' : '--agent';
  }

  /** @internal */
  public _problems(): string[] {
    const problems: string[] = [];
    if (![2, 3].includes(this.majorVersion)) { problems.push(problem('image.majorVersion', this.majorVersion, '2 or 3')); }
    if (!/^\S+$/.test(this.reference)) { problems.push(problem('image.reference', this.reference, 'the reference of an image')); }
    if (!/^\/\S+$/.test(this.path)) { problems.push(problem('image.program', this.path, 'a path that begins with "/"')); }
    return problems;
  }
}
