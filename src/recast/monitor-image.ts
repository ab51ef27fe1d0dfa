/** Where the monitor's program is in its pod. */
export const PROGRAM = { directory: '/usr/share/workflow-monitor', file: 'workflow-monitor.cjs' };

/** What the monitor's pods run. */
export class MonitorImage {
  /**
   * A stock image of Node.js, 20 or newer, whose `node` is in the `PATH`. The program is in a ConfigMap, and comes with this library.
   *
   * @param reference by default the current LTS line on Debian, which is renewed under this name
   */
  public static node(reference: string = 'docker.io/library/node:24-trixie-slim'): MonitorImage {
    return new MonitorImage(reference, true);
  }

  /**
   * An image with Node.js that holds the program as `/usr/share/workflow-monitor/workflow-monitor.cjs`, as `images/workflow-monitor` makes it.
   *
   * @param reference the image
   */
  public static own(reference: string): MonitorImage {
    return new MonitorImage(reference, false);
  }

  private constructor(
    /** The image. */
    public readonly reference: string,
    /** Whether the program is in a ConfigMap. */
    public readonly programInConfigMap: boolean,
  ) {}
}
