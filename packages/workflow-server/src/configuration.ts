import * as fs from 'fs';
import { Allowed } from './context';

/** What the server is told, by its environment. */
export interface Configuration {
  readonly port: number;
  readonly slots: number;
  readonly namespace: string;
  /** The file with the Job of an engine, as YAML. */
  readonly jobTemplate: string;
  /** The directory with a token per user, named after him. */
  readonly tokens: string;
  /** Users who see and cancel the requests of all. */
  readonly admins: readonly string[];
  /** Users who see which requests wait, and nothing else. */
  readonly readers: readonly string[];
  /** How many requests of one user may wait. */
  readonly mostWaiting: number;
  /** How long a request may take from its Job to a pod that runs. */
  readonly startDeadlineSeconds: number;
  /** For how long finished Jobs stay. */
  readonly jobSeconds: number;
  /** For how many days requests are kept that have ended. */
  readonly keptDays: number;
  /** The Secret with which engines ship results. */
  readonly shipSecret?: string;
  /** The namespace whose `Workflow` objects are requests too. */
  readonly workflows?: string;
  readonly allowed: Allowed;
  /** The authority of PostgreSQL's certificate. */
  readonly databaseAuthority?: string;
}

/** Reads it, and says everything that is wrong with it at once. */
export function configuration(environment: NodeJS.ProcessEnv): Configuration {
  const problems: string[] = [];
  const number = (name: string, byDefault: number, least: number, most: number) => {
    const value = Number(environment[name] ?? byDefault);
    if (!(Number.isInteger(value) && value >= least && value <= most)) { problems.push(`${name}: given ${environment[name]}, allowed: ${least} to ${most}`); }
    return value;
  };
  const list = (name: string) => (environment[name] ?? '').split(',').map(entry => entry.trim()).filter(entry => entry);
  const hosts = list('WFLOW_INPUT_HOSTS');
  const { WFLOW_SHIPTARGET_HOST: host } = environment;
  const result: Configuration = {
    port: number('WFLOW_SERVER_PORT', 5000, 1, 65535),
    slots: number('WFLOW_NSLOTS', 10, 1, 10_000),
    namespace: environment.WFLOW_NAMESPACE ?? 'default',
    jobTemplate: environment.WFLOW_JOB_TEMPLATE ?? '/yadage_job/job_template',
    tokens: environment.WFLOW_TOKENS ?? '/tokens',
    admins: list('WFLOW_ADMINS'),
    readers: list('WFLOW_READERS'),
    mostWaiting: number('WFLOW_MAX_WAITING', 1000, 1, 1_000_000),
    startDeadlineSeconds: number('WFLOW_START_DEADLINE', 1800, 10, 1_000_000),
    jobSeconds: number('WFLOW_JOB_TTL', 86_400, 0, 100_000_000),
    keptDays: number('WFLOW_KEPT_DAYS', 365, 1, 36_500),
    ...environment.WFLOW_SHIPTARGET_SECRET && { shipSecret: environment.WFLOW_SHIPTARGET_SECRET },
    ...environment.WFLOW_WORKFLOWS_NAMESPACE && { workflows: environment.WFLOW_WORKFLOWS_NAMESPACE },
    allowed: {
      ...hosts.length > 0 && { hosts },
      ...host && { shipTarget: { user: environment.WFLOW_SHIPTARGET_USER ?? 'ship', host, port: environment.WFLOW_SHIPTARGET_PORT ?? '2022' } },
    },
    ...environment.WFLOW_DATABASE_CA && { databaseAuthority: environment.WFLOW_DATABASE_CA },
  };
  for (const [name, file] of Object.entries({ WFLOW_JOB_TEMPLATE: result.jobTemplate, WFLOW_TOKENS: result.tokens })) {
    if (!fs.existsSync(file)) { problems.push(`${name}: ${file} isn't there`); }
  }
  if (problems.length > 0) { throw new Error(problems.join('\n')); }
  return result;
}
