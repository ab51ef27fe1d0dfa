import type { FsGroupChangePolicy } from 'cdk8s-plus-27';
import { Variables } from './environment';
import { problem } from '../problem';

/**
 * The group that owns the volume of workspaces, where that isn't the group 0. Kubelets give it to pods, and the volume to it where its driver can be
 * told so: not NFS and not directories of nodes, which must be the group's already.
 */
export interface ReanaFsGroup {
  /** The numeric id (`WORKFLOW_RUNTIME_USER_GID`). Workflows and their steps run with it as well. Refused: 0, which is the group without an `fsGroup`. */
  readonly gid: number;

  /**
   * When kubelets give all that is in the volume to the group: each time that a pod starts, or where the volume's root isn't the group's. It is that of
   * REANA's programs and, by workflow controllers that know it, of workflows and sessions (`REANA_RUNTIME_FS_GROUP_CHANGE_POLICY`).
   *
   * @default FsGroupChangePolicy.ON_ROOT_MISMATCH
   */
  readonly changePolicy?: FsGroupChangePolicy;
}

/** Whom workflows and their steps run as. REANA's code wants another group to have another name than `root`. */
export function workflowUser(fsGroup?: ReanaFsGroup): Variables {
  return {
    WORKFLOW_RUNTIME_USER_NAME: 'reana',
    WORKFLOW_RUNTIME_USER_UID: 1000,
    WORKFLOW_RUNTIME_USER_GID: fsGroup?.gid ?? 0,
    WORKFLOW_RUNTIME_GROUP_NAME: fsGroup ? 'reana' : 'root',
    REANA_RUNTIME_FS_GROUP_CHANGE_POLICY: fsGroup && changePolicyOf(fsGroup),
  };
}

/**
 * What pods of REANA's programs say of the group. They keep the group 0, which may write beside their code. A new volume is mostly root's and writable by
 * root alone: it is the group 0 that may write to it then.
 */
export function fsGroupSecurity(fsGroup?: ReanaFsGroup): object {
  return { fsGroup: fsGroup?.gid ?? 0, fsGroupChangePolicy: fsGroup ? changePolicyOf(fsGroup) : 'OnRootMismatch' };
}

export function fsGroupProblems({ gid }: ReanaFsGroup): string[] {
  return Number.isInteger(gid) && gid >= 1 && gid <= 2147483647 ? [] : [problem('fsGroup.gid', gid, 'a numeric group id from 1 to 2147483647')];
}

const changePolicyOf = ({ changePolicy }: ReanaFsGroup) => changePolicy ?? 'OnRootMismatch';
