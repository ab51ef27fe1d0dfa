export * from './federation';
export * from './htcondor';
export * from './telemetry';
export * from './workload';
