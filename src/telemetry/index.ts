export * from './log-buffer';
export { LogCollection } from './log-collection';
export type { LogCollectionProps } from './log-collection';
export type { ILogSink, LogEndpoint } from './log-sink';
export { LogStore } from './log-store';
export * from './log-store-props';
