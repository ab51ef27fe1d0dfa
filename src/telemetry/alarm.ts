import { Duration } from 'cdk8s';

/** How soon somebody has to look. */
export enum AlarmSeverity {
  /** Now: work stands still, or data is lost. */
  CRITICAL = 'critical',
  /** Today. */
  WARNING = 'warning',
}

/** A rule that Prometheus evaluates, and what it says when it fires. */
export interface Alarm {
  readonly name: string;
  readonly severity: AlarmSeverity;
  /** PromQL: a series for each thing that is not well. */
  readonly expr: string;
  /** How long it must hold. */
  readonly holds: Duration;
  /** The cluster that it is about, where the series don't say. */
  readonly cluster?: string;
  /** One line for whoever is called; `{{ }}` as in Prometheus. */
  readonly summary: string;
  /** The least `holds`, and why. */
  readonly least?: { readonly holds: Duration; readonly because: string };
}

/** A series that is worked out from others, or known at synth. */
export interface Recording {
  readonly record: string;
  readonly expr: string;
  readonly labels?: { readonly [label: string]: string };
}

/** What belongs together, and is evaluated in order. */
export interface AlarmGroup {
  /** What it is about: a DNS label. */
  readonly about: string;
  readonly recordings: readonly Recording[];
  readonly alarms: readonly Alarm[];
}
