/** The distribution of the OpenTelemetry Collector with all that agents and gateways name. */
export const COLLECTOR_IMAGE = 'otel/opentelemetry-collector-contrib:0.149.0';

/** A user that is nobody's, for programs that need none of their own. */
export const NOBODY = 65532;
