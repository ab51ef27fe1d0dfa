import * as fs from 'fs';
import { parse } from 'yaml';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Where an engine finds its token, and the keys with which it ships results. */
const TOKEN_DIRECTORY = '/wflow-token';
const SHIP_DIRECTORY = '/wflow-ship';

export const engineName = (id: string) => `wflow-nonint-${id}`;
export const tokenSecretName = (id: string) => `wflow-token-${id}`;
export const stateName = (id: string) => `wflow-state-${id}`;
export const stepLogName = (job: string) => `wflow-log-${job}`;

/** What engines and their pods are found by. */
export const ENGINES = 'component=wflow-engine,interactive=false';

/** What the Jobs of all engines have in common. */
export interface EngineJobSettings {
  readonly jobTemplate: string;
  readonly jobSeconds: number;
  readonly shipSecret?: string;
}

/** The Job of one request's engine, made of the template that the site's constructs wrote: the server has no image's name of its own. */
export function engineJob({ jobTemplate, jobSeconds, shipSecret }: EngineJobSettings, id: string): object {
  const job = template(jobTemplate);
  const labels = { wflowid: id, component: 'wflow-engine', engine_type: 'yadage', interactive: 'false' };
  const { template: pod } = job.spec;
  const [worker] = pod.spec.containers;
  const command = worker.command as string[];
  const variables = [
    { name: 'WFLOW_ID', value: id },
    { name: 'WFLOW_TOKEN_FILE', value: `${TOKEN_DIRECTORY}/token` },
    ...shipSecret === undefined ? [] : [{ name: 'WFLOW_SHIP_KEYS', value: SHIP_DIRECTORY }],
  ];
  const secrets = [
    { name: 'wflow-token', mountPath: TOKEN_DIRECTORY, secretName: tokenSecretName(id) },
    ...shipSecret === undefined ? [] : [{ name: 'wflow-ship', mountPath: SHIP_DIRECTORY, secretName: shipSecret }],
  ];
  return {
    ...job,
    metadata: { ...job.metadata, name: engineName(id), labels: { ...job.metadata?.labels, ...labels } },
    spec: {
      ttlSecondsAfterFinished: jobSeconds,
      ...job.spec,
      // whatever the template says: an engine is never started a second time, nor twice at once
      parallelism: 1,
      completions: 1,
      backoffLimit: 0,
      template: {
        ...pod,
        // the pod's name comes from its Job's
        metadata: { ...withoutName(pod.metadata), labels: { ...pod.metadata?.labels, ...labels } },
        spec: {
          ...pod.spec,
          restartPolicy: 'Never',
          containers: [{
            ...worker,
            command: [...command.slice(0, -1), command[command.length - 1].replaceAll('{wflowid}', id)],
            env: [
              ...(worker.env ?? []).filter(({ name }: { name: string }) => !variables.some(variable => variable.name === name)),
              ...variables,
            ],
            volumeMounts: [...worker.volumeMounts ?? [], ...secrets.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true }))],
          }, ...pod.spec.containers.slice(1)],
          volumes: [...pod.spec.volumes ?? [], ...secrets.map(({ name, secretName }) => ({ name, secret: { secretName, defaultMode: 0o444 } }))],
        },
      },
    },
  };
}

/** The Secret by which an engine says who it is. It goes with the Job. */
export function tokenSecret(id: string, token: string, jobUid: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: tokenSecretName(id),
      labels: { wflowid: id, component: 'wflow-engine' },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: engineName(id), uid: jobUid }],
    },
    immutable: true,
    stringData: { token },
  };
}

/** Reads the template, and says what is wrong with it. */
export function template(file: string): any {
  const job = parse(fs.readFileSync(file, 'utf8'), { maxAliasCount: 0 });
  const containers = job?.spec?.template?.spec?.containers;
  const command = containers?.[0]?.command;
  if (job?.apiVersion !== 'batch/v1' || job.kind !== 'Job' || !Array.isArray(command) || !command.every(part => typeof part === 'string') || command.length === 0) {
    throw new Error(`${file}: allowed: a batch/v1 Job, whose first container has a command`);
  }
  return job;
}

function withoutName({ name: _, ...rest }: any = {}): object {
  return rest;
}
