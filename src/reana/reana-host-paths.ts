import { Variables } from './environment';
import { SHARED_VOLUME_PATH } from './reana-storage';
import { problem } from '../problem';

/** A directory of the nodes, the same on each of them, such as a file system that all of them have mounted. Its namespaces admit host paths then. */
export interface ReanaHostPath {
  /** The directory on the nodes, which must be there: an absolute path. */
  readonly hostPath: string;

  /**
   * Where pods have it: an absolute path.
   *
   * @default - as hostPath
   */
  readonly mountPath?: string;
}

/** Where workspaces can be, the first where nothing is said. */
export function workspacePathVariable(paths: readonly ReanaHostPath[] = []): string[] {
  return [`${SHARED_VOLUME_PATH}:${SHARED_VOLUME_PATH}`, ...paths.map(path => `${path.hostPath}:${mountPathOf(path)}`)];
}

/** What REANA's own programs have of them: the API writes files there, and CronJobs count and remove them. */
export function workspacePathVolumes(paths: readonly ReanaHostPath[] = []) {
  const name = (index: number) => `workspaces-${index + 1}`;
  return {
    volumeMounts: paths.map((path, index) => ({ name: name(index), mountPath: mountPathOf(path) })),
    // a node without it isn't to make an empty one
    volumes: paths.map(({ hostPath }, index) => ({ name: name(index), hostPath: { path: hostPath, type: 'Directory' } })),
  };
}

/** What steps have besides their workspaces, as the job controller mounts it. */
export function jobHostPathVariables(paths?: readonly ReanaHostPath[]): Variables {
  return {
    REANA_JOB_HOSTPATH_MOUNTS: paths?.map((path, index) => ({ name: `host-path-${index + 1}`, hostPath: path.hostPath, mountPath: mountPathOf(path) })),
  };
}

export function hostPathProblems(property: string, paths: readonly ReanaHostPath[] = []): string[] {
  const problems: string[] = [];
  paths.forEach((path, index) => {
    const mountPath = mountPathOf(path);
    for (const [name, given] of Object.entries({ hostPath: path.hostPath, mountPath })) {
      // REANA writes both in one word
      if (!/^(\/[^/:]+)+$/.test(given) || given.split('/').includes('..')) {
        problems.push(problem(`${property}[${index}].${name}`, given, 'an absolute path without colons and "..", such as /data/atlas'));
      }
    }
    if (paths.slice(0, index).some(other => mountPathOf(other) === mountPath)) {
      problems.push(problem(`${property}[${index}].mountPath`, mountPath, 'a path where nothing is mounted yet'));
    }
  });
  return problems;
}

/**
 * REANA's code knows a place by its directory on the nodes, and finds that of a workspace by what the workspace's path begins with. One with the volume's
 * path in it is one of the volume.
 */
export function workspacePathProblems(paths: readonly ReanaHostPath[] = []): string[] {
  const problems = hostPathProblems('workspacePaths', paths);
  paths.forEach((path, index) => {
    const mountPath = mountPathOf(path);
    const others = paths.slice(0, index);
    if (others.some(({ hostPath }) => hostPath === path.hostPath)) {
      problems.push(problem(`workspacePaths[${index}].hostPath`, path.hostPath, 'each directory once'));
    }
    if (others.map(mountPathOf).some(other => other !== mountPath && alike(other, mountPath))) {
      problems.push(problem(`workspacePaths[${index}].mountPath`, mountPath, 'paths of which none begins with another'));
    }
    if (mountPath.includes(SHARED_VOLUME_PATH) || alike(mountPath, SHARED_VOLUME_PATH)) {
      problems.push(problem(`workspacePaths[${index}].mountPath`, mountPath, `a path without ${SHARED_VOLUME_PATH} in it or below it, where the volume is`));
    }
  });
  return problems;
}

const mountPathOf = ({ hostPath, mountPath }: ReanaHostPath) => mountPath ?? hostPath;

/** Whether one of two paths begins with the other, letter by letter. */
const alike = (one: string, other: string) => one.startsWith(other) || other.startsWith(one);
