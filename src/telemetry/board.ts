/** What a panel asks. */
export interface BoardQuery {
  readonly expr: string;
  /** What each series is called; `{{ }}` as in Grafana. */
  readonly legend: string;
}

/** A figure, or how figures went. */
export interface BoardPanel {
  readonly title: string;
  /** What it means, where the title doesn't say. */
  readonly description?: string;
  /** Grafana's name of the unit. */
  readonly unit: string;
  readonly queries: readonly BoardQuery[];
  /** One figure, as of now. @default false */
  readonly stat?: boolean;
  /** Whether series make a whole. @default false */
  readonly stacked?: boolean;
}

/** A dashboard. */
export interface BoardDefinition {
  /** Its address in Grafana ends with it; it stays the same for ever. */
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly BoardPanel[];
}

/** Series of the federation that is chosen. */
export const ofFederation = (metric: string, ...matchers: string[]): string => `${metric}{${['federation=~"$federation"', ...matchers].join(',')}}`;

/** Series of the clusters that are chosen. */
export const ofClusters = (metric: string, ...matchers: string[]): string => ofFederation(metric, 'k8s_cluster=~"$k8s_cluster"', ...matchers);
