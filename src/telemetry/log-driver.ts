import { fluentBit } from './fluent-bit';
import { LogAgent } from './log-agent';
import { LogModel } from './log-model';
import { openTelemetryCollector } from './otel-agent';

/** What renders the model for one program, and all that its pod needs to be that program's. */
export interface LogDriver {
  readonly image: string;
  readonly args: readonly string[];
  /** Where its container has the configuration, the certificate, and what it keeps. */
  readonly paths: { readonly config: string; readonly tls: string; readonly state: string };
  /** Its ports by their names; the kubelet asks the one named `health`. */
  readonly ports: { readonly health: number; readonly [name: string]: number };
  /** Where Prometheus finds its metrics. */
  readonly metrics: { readonly port: number; readonly path: string };
  readonly resources: { readonly cpu: string; readonly memory: string; readonly limit: string };
  /** What it asks the API server for. */
  readonly rules: readonly object[];
  /** Variables that it reads the store's address from, and what is in them for the store at that URL. */
  address(url: string): { readonly [variable: string]: { readonly key: string; readonly value: string } };
  configuration(model: LogModel): object;
  /** What is asked of it and it can't do. */
  problems(model: LogModel): string[];
}

const DRIVERS: { readonly [agent in LogAgent]: LogDriver } = {
  [LogAgent.OPEN_TELEMETRY_COLLECTOR]: openTelemetryCollector,
  [LogAgent.FLUENT_BIT]: fluentBit,
};

/** The driver of that program. */
export function logDriver(agent: LogAgent): LogDriver {
  return DRIVERS[agent];
}
