/** Where the daemons find and keep things inside every container, whatever the image. */
export const PATHS = {
  /** The configuration, from a ConfigMap. */
  config: '/etc/condor-pool',
  /** Signing keys (`SEC_PASSWORD_DIRECTORY`). */
  keys: '/etc/condor/passwords.d',
  /** Signing keys of members, each in a directory of its own (`SEC_PASSWORD_DIRECTORY` of a member's collector). */
  memberKeys: '/etc/condor/member-keys.d',
  /** Tokens (`SEC_TOKEN_SYSTEM_DIRECTORY`). */
  tokens: '/etc/condor/tokens.d',
  /** A server's certificate (`AUTH_SSL_SERVER_CERTFILE`), and its key (`AUTH_SSL_SERVER_KEYFILE`). */
  certificate: '/etc/condor/certificate.d',
  certificateKey: '/etc/condor/certificate-key.d',
  /** Programs that HTCondor runs at moments of a job's life. */
  hooks: '/etc/condor/hooks.d',
  /** Daemon logs and address files (`LOG`). */
  log: '/var/log/condor',
  /** Sockets and pids (`RUN`). */
  run: '/run/condor',
  /** Lock files (`LOCK`). */
  lock: '/run/condor/lock',
  /** Job queue and accounting (`SPOOL`). */
  spool: '/var/spool/condor',
  /** Users' files. */
  home: '/home',
  /** Job sandboxes (`EXECUTE`). */
  execute: '/var/lib/condor/execute',
  /** The same without root: HTCondor wants it to be its own, and a volume is root's. */
  ownExecute: '/var/lib/condor/execute/condor',
} as const;

/** The file that `CONDOR_CONFIG` names. */
export const ROOT_CONFIG_FILE = 'condor_config';

/** The file with what is a member's own (`LOCAL_CONFIG_FILE`), read after the root file. */
export const MEMBER_CONFIG_FILE = '50-member.conf';

/** The script that looks for file systems. */
export const FILE_SYSTEMS_FILE = 'file-systems';

/** The key with the address of a cluster's HTTP proxy, which URL plugins know as a variable of this name. */
export const HTTP_PROXY_FILE = 'http_proxy';

/** Environment variables that the configuration reads with `$ENV()`. */
export const NODE_NAME_VARIABLE = 'K8S_NODE_NAME';
/** Only where execution points come and leave. */
export const POD_NAME_VARIABLE = 'K8S_POD_NAME';
/** Only where clusters may join whose names no program knows. */
export const CLUSTER_NAME_VARIABLE = 'K8S_CLUSTER_NAME';
export const POD_IP_VARIABLE = 'K8S_POD_IP';
export const CPU_LIMIT_VARIABLE = 'K8S_CPU_LIMIT';
export const MEMORY_LIMIT_VARIABLE = 'K8S_MEMORY_LIMIT_MIB';
