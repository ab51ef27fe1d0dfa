export * from './federation';
export * from './htcondor';
export * from './reana';
export * from './recast';
export * from './telemetry';
export * from './workload';
