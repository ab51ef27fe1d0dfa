import { Duration } from 'cdk8s';

const UNITS: readonly [string, number][] = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000], ['ms', 1]];

/** A duration as PromQL and rule files write it: `15m`. */
export function promDuration(duration: Duration): string {
  const milliseconds = duration.toMilliseconds({ integral: false });
  const [unit, size] = UNITS.find(([, each]) => milliseconds >= each && milliseconds % each === 0) ?? UNITS[4];
  return `${milliseconds / size}${unit}`;
}

/** A string as PromQL quotes it. */
export const quoted = (text: string): string => JSON.stringify(text);

/** Writes selectors of the series of one federation. */
export type Series = (metric: string, ...matchers: string[]) => string;

/** The series of a federation. */
export function seriesOf(federation: string): Series {
  return (metric, ...matchers) => `${metric}{${[`federation=${quoted(federation)}`, ...matchers].join(',')}}`;
}

/**
 * The counters of an OpenTelemetry Collector, which end in `_total` or don't, as its reader is set (`without_type_suffix`): the default
 * one leaves it off, and one that is configured without saying so doesn't.
 */
export function collectorCounter(series: Series, metric: string): string {
  return series('', `__name__=~${quoted(`${metric}(_total)?`)}`);
}
