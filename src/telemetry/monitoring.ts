/** Who reads the objects of monitoring. */
export enum Monitoring {
  /** The Prometheus operator: `PrometheusRule` and the other kinds of `monitoring.coreos.com`, which the cluster must know. */
  OPERATOR = 'operator',
  /** A Prometheus of its own: ConfigMaps with the files that it reads. */
  PLAIN = 'plain',
}
