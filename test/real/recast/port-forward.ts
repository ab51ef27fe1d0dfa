import { ChildProcess, spawn } from 'child_process';
import { createInterface } from 'readline';
import { toolset } from '../kubernetes/binaries';

/** A port of this machine that leads to a pod. */
export class PortForward {
  public static async open(kubeconfig: string, context: string, namespace: string, target: string, port: number): Promise<PortForward> {
    const process = spawn(toolset('kubernetes-newest').path('kubectl'), [
      `--kubeconfig=${kubeconfig}`, `--context=${context}`, 'port-forward', '--namespace', namespace, target, `:${port}`,
    ], { stdio: ['ignore', 'pipe', 'inherit'] });
    const local = await new Promise<number>((resolve, reject) => {
      createInterface(process.stdout!).on('line', line => {
        const found = /^Forwarding from 127\.0\.0\.1:(\d+) /.exec(line);
        if (found) { resolve(Number(found[1])); }
      });
      process.on('exit', status => reject(new Error(`kubectl port-forward ended with ${status}`)));
    });
    return new PortForward(process, `http://127.0.0.1:${local}`);
  }

  private constructor(private readonly process: ChildProcess, public readonly url: string) {}

  public close(): void {
    this.process.kill();
  }
}
