import type { ContainerResources } from 'cdk8s-plus-27';
import { EnvironmentVariable } from './environment';
import { fsGroupSecurity } from './reana-fs-group';
import { workspacePathVolumes } from './reana-host-paths';
import { ReanaSettings } from './reana-settings';
import { SHARED_VOLUME_PATH } from './reana-storage';
import { containerResources } from '../workload/container-resources';

/** Whom REANA's programs run as, as workflows do: files in workspaces are theirs, and writable by the group 0. */
const USER = { uid: 1000, gid: 0 };

/** A directory of a program's pod that it only reads: a ConfigMap, or a Secret. */
export interface ProgramSettings {
  /** The volume's name. */
  readonly name: string;
  /** What it is, as a pod's volume says it. */
  readonly source: object;
  readonly path: string;
}

/** A directory that is a ConfigMap. */
export function configMapAt(path: string, name: string): ProgramSettings {
  return { name, source: { configMap: { name } }, path };
}

/** A program of REANA. */
export interface ProgramOptions {
  /** The container's name. */
  readonly name: string;
  readonly image: string;
  readonly command: string[];
  readonly environment: EnvironmentVariable[];
  readonly resources?: ContainerResources;
  readonly defaultResources: { cpu: string; memory: string; limit: string };
  readonly serviceAccount: string;
  /** Whether it asks the API server. */
  readonly token: boolean;
  readonly settings?: readonly ProgramSettings[];
  /** Ports and probes. */
  readonly container?: object;
  /** Whatever else the pod's spec holds. */
  readonly pod?: object;
}

/** What containers of REANA's programs say of themselves. They write beside their code: their file system isn't read-only. */
export const PROGRAM_CONTAINER_SECURITY = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

/** What pods of REANA's programs say of themselves: as restricted as their images allow. */
export function programPodSecurity({ props }: ReanaSettings): object {
  return {
    securityContext: {
      runAsNonRoot: true, runAsUser: USER.uid, runAsGroup: USER.gid, ...fsGroupSecurity(props.fsGroup), seccompProfile: { type: 'RuntimeDefault' },
    },
    ...props.imagePullSecrets?.length && { imagePullSecrets: props.imagePullSecrets.map(name => ({ name })) },
    ...props.placement?.infrastructure && { nodeSelector: props.placement.infrastructure },
  };
}

/** The directories of a program's pod: the workspaces, one for what passes, and its settings. */
export function programVolumes({ names, storage, props }: ReanaSettings, settings: readonly ProgramSettings[] = []) {
  const further = workspacePathVolumes(props.workspacePaths);
  return {
    volumeMounts: [
      { name: 'reana-shared-volume', mountPath: SHARED_VOLUME_PATH },
      ...further.volumeMounts,
      { name: 'tmp', mountPath: '/tmp' },
      ...settings.map(({ name, path }) => ({ name, mountPath: path, readOnly: true })),
    ],
    volumes: [
      { name: 'reana-shared-volume', ...storage._volume(names) },
      ...further.volumes,
      { name: 'tmp', emptyDir: {} },
      ...settings.map(({ name, source }) => ({ name, ...source })),
    ],
  };
}

/** The pod of a program. */
export function programPod(settings: ReanaSettings, program: ProgramOptions): object {
  const { volumes, volumeMounts } = programVolumes(settings, program.settings);
  return {
    serviceAccountName: program.serviceAccount,
    automountServiceAccountToken: program.token,
    // for a Service `reana-db` the kubelet would set REANA_DB_PORT, which REANA reads
    enableServiceLinks: false,
    ...programPodSecurity(settings),
    ...program.pod,
    containers: [{
      name: program.name,
      image: program.image,
      command: program.command,
      env: program.environment,
      securityContext: PROGRAM_CONTAINER_SECURITY,
      resources: containerResources(program.resources, program.defaultResources),
      ...program.container,
      volumeMounts,
    }],
    volumes,
  };
}
