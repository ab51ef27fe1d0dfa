/** Where the server's program is in its pod. */
export const PROGRAM = { directory: '/usr/share/workflow-server', file: 'workflow-server.cjs' };

/** What the workflow server's pod runs. */
export class WorkflowServerImage {
  /**
   * A stock image of Node.js, 20 or newer, whose `node` is in the `PATH`. The program is in a ConfigMap, and comes with this library.
   *
   * @param reference by default the current LTS line on Debian, which is renewed under this name
   */
  public static node(reference: string = 'docker.io/library/node:24-trixie-slim'): WorkflowServerImage {
    return new WorkflowServerImage(reference, true);
  }

  /**
   * An image with Node.js that holds the program as `/usr/share/workflow-server/workflow-server.cjs`, as `images/workflow-server` makes it.
   *
   * @param reference the image
   */
  public static own(reference: string): WorkflowServerImage {
    return new WorkflowServerImage(reference, false);
  }

  private constructor(
    /** The image. */
    public readonly reference: string,
    /** Whether the program is in a ConfigMap. */
    public readonly programInConfigMap: boolean,
  ) {}
}
