export * from './federation';
export * from './htcondor';
export * from './workload';
