import { Fields, onlyFields, onlyValue } from './manifest';
import { isImage } from './rootfs';

const POD: Fields = {
  affinity: 'honoured',
  automountServiceAccountToken: 'honoured',
  containers: 'honoured',
  dnsConfig: 'honoured',
  // All names are in /etc/hosts.
  dnsPolicy: 'no effect',
  enableServiceLinks: 'honoured',
  hostAliases: 'honoured',
  hostIPC: 'honoured',
  hostNetwork: 'honoured',
  hostPID: 'honoured',
  hostname: 'honoured',
  imagePullSecrets: 'no effect',
  initContainers: 'honoured',
  nodeSelector: 'honoured',
  // The laboratory never has to evict a pod.
  preemptionPolicy: 'no effect',
  priority: 'no effect',
  priorityClassName: 'no effect',
  // A dead container stays dead until the test has it restarted.
  restartPolicy: 'no effect',
  schedulerName: 'no effect',
  securityContext: 'honoured',
  serviceAccount: 'honoured',
  serviceAccountName: 'honoured',
  setHostnameAsFQDN: 'honoured',
  shareProcessNamespace: 'honoured',
  subdomain: 'honoured',
  terminationGracePeriodSeconds: 'honoured',
  tolerations: 'honoured',
  // There are few nodes, and a StatefulSet's pods are put where they fit.
  topologySpreadConstraints: 'no effect',
  volumes: 'honoured',
};

const CONTAINER: Fields = {
  args: 'honoured',
  command: 'honoured',
  env: 'honoured',
  envFrom: 'honoured',
  image: 'honoured',
  imagePullPolicy: 'no effect',
  lifecycle: 'honoured',
  livenessProbe: 'honoured',
  name: 'honoured',
  // Informational in Kubernetes too, but for hostPort.
  ports: 'honoured',
  readinessProbe: 'honoured',
  resources: 'honoured',
  restartPolicy: 'honoured',
  securityContext: 'honoured',
  startupProbe: 'honoured',
  terminationMessagePath: 'no effect',
  terminationMessagePolicy: 'no effect',
  volumeMounts: 'honoured',
  workingDir: 'honoured',
};

const POD_SECURITY: Fields = {
  fsGroup: 'honoured',
  // Ownership is always set at start.
  fsGroupChangePolicy: 'no effect',
  runAsGroup: 'honoured',
  runAsNonRoot: 'honoured',
  runAsUser: 'honoured',
  seccompProfile: 'honoured',
  supplementalGroups: 'honoured',
  sysctls: 'honoured',
};

const CONTAINER_SECURITY: Fields = {
  allowPrivilegeEscalation: 'honoured',
  capabilities: 'honoured',
  privileged: 'honoured',
  readOnlyRootFilesystem: 'honoured',
  runAsGroup: 'honoured',
  runAsNonRoot: 'honoured',
  runAsUser: 'honoured',
  seccompProfile: 'honoured',
};

const PROBE: Fields = {
  exec: 'honoured',
  // The test is the kubelet's clock.
  failureThreshold: 'no effect',
  httpGet: 'honoured',
  initialDelaySeconds: 'no effect',
  periodSeconds: 'no effect',
  successThreshold: 'no effect',
  tcpSocket: 'honoured',
  terminationGracePeriodSeconds: 'no effect',
  timeoutSeconds: 'honoured',
};

const MOUNT: Fields = {
  mountPath: 'honoured',
  mountPropagation: 'honoured',
  name: 'honoured',
  readOnly: 'honoured',
  subPath: 'honoured',
  subPathExpr: 'honoured',
};

const VOLUME: Fields = {
  configMap: 'honoured',
  downwardAPI: 'honoured',
  emptyDir: 'honoured',
  hostPath: 'honoured',
  name: 'honoured',
  persistentVolumeClaim: 'honoured',
  projected: 'honoured',
  secret: 'honoured',
};

/** The seccomp profiles there are: none, and the runtime's own. */
export const SECCOMP_PROFILES = ['RuntimeDefault', 'Unconfined'];

/** Refuses a pod that asks for anything the laboratory would have to leave out. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function checkPodSpec(spec: any, where: string): void {
  onlyFields(spec, where, POD);
  onlyValue(spec.hostPID, `${where}.hostPID`, false);
  onlyValue(spec.hostIPC, `${where}.hostIPC`, false);
  onlyValue(spec.shareProcessNamespace, `${where}.shareProcessNamespace`, false);
  onlyValue(spec.setHostnameAsFQDN, `${where}.setHostnameAsFQDN`, false);
  onlyFields(spec.securityContext, `${where}.securityContext`, POD_SECURITY);
  onlyValue(spec.securityContext?.sysctls?.length, `${where}.securityContext.sysctls`, 0);
  onlyValue(spec.securityContext?.seccompProfile?.type, `${where}.securityContext.seccompProfile`, ...SECCOMP_PROFILES);
  for (const volume of spec.volumes ?? []) {
    onlyFields(volume, `${where}.volumes[${volume.name}]`, VOLUME);
  }
  for (const container of [...spec.initContainers ?? [], ...spec.containers]) {
    checkContainer(container, `${where}[${container.name}]`, spec);
  }
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
function checkContainer(container: any, where: string, spec: any): void {
  onlyFields(container, where, CONTAINER);
  onlyFields(container.securityContext, `${where}.securityContext`, CONTAINER_SECURITY);
  onlyValue(container.securityContext?.seccompProfile?.type, `${where}.seccompProfile`, ...SECCOMP_PROFILES);
  onlyFields(container.lifecycle, `${where}.lifecycle`, { preStop: 'honoured' });
  onlyFields(container.lifecycle?.preStop, `${where}.lifecycle.preStop`, { exec: 'honoured' });
  onlyFields(container.resources, `${where}.resources`, { limits: 'honoured', requests: 'honoured' });
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    onlyFields(container[probe], `${where}.${probe}`, PROBE);
    onlyFields(container[probe]?.httpGet, `${where}.${probe}.httpGet`, { httpHeaders: 'honoured', path: 'honoured', port: 'honoured', scheme: 'honoured' });
    onlyValue(container[probe]?.httpGet?.scheme, `${where}.${probe}.httpGet.scheme`, 'HTTP', 'HTTPS');
  }
  for (const mount of container.volumeMounts ?? []) {
    onlyFields(mount, `${where}.volumeMounts[${mount.mountPath}]`, MOUNT);
  }
  for (const port of container.ports ?? []) {
    if (port.hostPort !== undefined && !spec.hostNetwork) {
      throw new Error(`${where}: the laboratory cannot do hostPort without hostNetwork`);
    }
  }
  if (!isImage(container.image)) {
    throw new Error(`${where}: the laboratory has this project's images, not ${container.image}`);
  }
}
