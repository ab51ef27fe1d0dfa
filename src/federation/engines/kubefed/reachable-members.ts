import { problem } from '../../../problem';
import { JoinMode } from '../../federated-cluster';
import type { FederationModel } from '../../model';

/** Why an engine that calls the API servers of its members can't have these, whichever version it is. */
export function memberProblems({ federation }: FederationModel): string[] {
  return federation.members.flatMap(({ node: { id }, joinMode, paused, apiServer }) => [
    ...joinMode === JoinMode.PULL
      ? [problem(`${id}.joinMode`, joinMode, 'push: KubeFed calls the API servers of its members; Karmada and Open Cluster Management let a member pull')]
      : [],
    ...paused ? [problem(`${id}.paused`, paused, "false: KubeFed can't hold one member back; Karmada can")] : [],
    ...apiServer ? [] : [problem(`${id}.apiServer`, apiServer, 'the address at which KubeFed calls the member: https://host or https://host:port')],
  ]);
}
