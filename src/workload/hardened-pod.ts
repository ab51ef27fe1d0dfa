import { digest } from './named-by-content';

/** The user that PostgreSQL, RabbitMQ and Redis are in their official images. */
export const SERVICE_USER = 999;

/** What a pod says of itself that needs no right of any kind: the restricted Pod Security Standard. */
export function hardenedPod(user: number): object {
  return {
    automountServiceAccountToken: false,
    // of a Service `reana-db` kubelets make a variable REANA_DB_PORT, which reana_db takes for a port
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' },
    },
  };
}

/** The same, for its containers. */
export const HARDENED_CONTAINER = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };

/** Pull secrets as pods take them. */
export function pullSecrets(names: readonly string[] | undefined): object {
  return names?.length ? { imagePullSecrets: names.map(name => ({ name })) } : {};
}

/** An annotation by which pods are replaced when the files that they are started with change. */
export function filesDigest(files: { readonly [file: string]: string }): { [annotation: string]: string } {
  return { 'cdk8s-hep/config-digest': digest(files) };
}
