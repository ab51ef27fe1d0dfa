/** The program that reads a node's container logs. What a `LogCollection` says is the same for both; what one of them can't do is refused. */
export enum LogAgent {
  /** The OpenTelemetry Collector, of the distribution `contrib` or `k8s`. */
  OPEN_TELEMETRY_COLLECTOR = 'OpenTelemetryCollector',

  /** Fluent Bit, REANA's own choice: it takes less memory, and has a place for dead letters. `docs/logs.md` says in what else the two differ. */
  FLUENT_BIT = 'FluentBit',
}
