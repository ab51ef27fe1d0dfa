import type { ContainerResources } from 'cdk8s-plus-27';
import { PROMETHEUS_PATHS } from './prometheus-config';
import { PrometheusImage } from './prometheus-image';

/** A user that is nobody's. */
const NOBODY = 65534;

/** One pod of Prometheus. */
export interface PrometheusPodOptions {
  readonly image: PrometheusImage;
  readonly imagePullSecrets?: readonly string[];
  readonly arguments: readonly string[];
  readonly port: number;
  readonly probes: object;
  readonly resources: object;
  readonly serviceAccount: string;
  /** The Secret with its certificate, key, and authority. */
  readonly certificate: string;
  readonly configMap: string;
  /** ConfigMaps with rules. */
  readonly rules?: readonly string[];
  /** The volume of its data, or nothing where a claim template brings it. */
  readonly data?: object;
  readonly terminationGracePeriodSeconds: number;
}

/** What users and groups it runs as. */
export const PROMETHEUS_POD_SECURITY = {
  runAsNonRoot: true, runAsUser: NOBODY, runAsGroup: NOBODY, fsGroup: NOBODY, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' },
};

/** The spec of the pod: without root, and with no right at the API server. */
export function prometheusPodSpec(options: PrometheusPodOptions): object {
  const { rules = [] } = options;
  return {
    serviceAccountName: options.serviceAccount,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: options.terminationGracePeriodSeconds,
    ...options.imagePullSecrets?.length && { imagePullSecrets: options.imagePullSecrets.map(name => ({ name })) },
    securityContext: PROMETHEUS_POD_SECURITY,
    containers: [{
      name: 'prometheus',
      image: options.image.reference,
      command: [options.image._program],
      args: [...options.arguments],
      ports: [{ name: 'metrics', containerPort: options.port, protocol: 'TCP' }],
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      ...options.probes,
      resources: options.resources,
      volumeMounts: [
        { name: 'configuration', mountPath: PROMETHEUS_PATHS.configuration, readOnly: true },
        { name: 'certificate', mountPath: PROMETHEUS_PATHS.certificate, readOnly: true },
        ...rules.length > 0 ? [{ name: 'rules', mountPath: PROMETHEUS_PATHS.rules, readOnly: true }] : [],
        { name: 'data', mountPath: PROMETHEUS_PATHS.data },
      ],
    }],
    volumes: [
      { name: 'configuration', configMap: { name: options.configMap } },
      { name: 'certificate', secret: { secretName: options.certificate, defaultMode: 0o440 } },
      ...rules.length > 0 ? [{ name: 'rules', projected: { sources: rules.map(name => ({ configMap: { name } })) } }] : [],
      ...options.data ? [{ name: 'data', ...options.data }] : [],
    ],
  };
}

/** Kubernetes' form of requests and limits; what isn't given is the default. */
export function prometheusResources(given: ContainerResources | undefined, byDefault: object): object {
  if (!given) { return byDefault; }
  const quantities = (kind: 'request' | 'limit') => ({
    ...given.cpu?.[kind] && { cpu: given.cpu[kind]!.amount },
    ...given.memory?.[kind] && { memory: `${given.memory[kind]!.toMebibytes()}Mi` },
    ...given.ephemeralStorage?.[kind] && { 'ephemeral-storage': `${given.ephemeralStorage[kind]!.toMebibytes()}Mi` },
  });
  const all = Object.entries({ requests: quantities('request'), limits: quantities('limit') });
  return Object.fromEntries(all.filter(([, each]) => Object.keys(each).length > 0));
}
