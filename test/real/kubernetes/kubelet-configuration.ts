import { KeyPair } from './certificates';
import { SOCKET } from './container-runtime';

/** How one node's kubelet differs from the others'. */
export interface KubeletOptions {
  /** The file of the authority that clients' certificates come from. */
  readonly authority: string;
  readonly server: KeyPair;
  readonly clusterDns: string;
  /** The control group below which all pods are. */
  readonly cgroupRoot: string;
  /** What pods without the cluster's name server resolve names with. */
  readonly resolvConf: string;
}

/** A kubelet's configuration: the defaults, but for what follows. */
export function kubeletConfiguration(options: KubeletOptions): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: options.authority } },
    authorization: { mode: 'Webhook' },
    tlsCertFile: options.server.certificate,
    tlsPrivateKeyFile: options.server.key,
    clusterDNS: [options.clusterDns],
    clusterDomain: 'cluster.local',
    resolvConf: options.resolvConf,
    containerRuntimeEndpoint: `unix://${SOCKET}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: options.cgroupRoot,
    // This machine's controllers may still be those of cgroup v1.
    failCgroupV1: false,
    failSwapOn: false,
    // Nobody may raise a priority against the kernel's killer of processes here (CAP_SYS_RESOURCE).
    oomScoreAdj: 0,
    // The machine's disk is not the node's: that it is fairly full evicts no pod and deletes no image.
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'nodefs.inodesFree': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    enforceNodeAllocatable: [],
    // Watches of files are few per user, and nodes share one.
    configMapAndSecretChangeDetectionStrategy: 'Watch',
    rotateCertificates: false,
  };
}
