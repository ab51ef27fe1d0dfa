import { SecretReference } from '../workload/secret-reference';

/** A Secret's keys as files that HTCondor accepts: owned by the daemon's user, readable by nobody else. */
export interface Credential {
  readonly volume: string;
  readonly secret: SecretReference;
  readonly defaultKey: string;
  /** The file's name in the directory. */
  readonly file: string;
  readonly directory: string;
}

/** Keys of one kind, each a file in a directory of its name, where HTCondor accepts it. The daemons must not run as root. */
export interface Keyring {
  readonly volume: string;
  readonly directory: string;
  /** The sources of a projected volume; a file is called as its key is. */
  readonly sources: unknown;
}

/** Where an init container sees the Secrets' own files. */
const EXPOSED_SECRETS = '/secrets';

/** How credentials come to be files of the daemons' container. */
export interface CredentialFiles {
  readonly volumes: object[];
  readonly mounts: object[];
  readonly initMounts: object[];
  /** What makes the copies, line by line. */
  readonly copies: string[];
  /** What makes them again while they are read. */
  readonly renewals: string[];
}

/** Root may read what is root's alone; others get copies. */
export function credentialFiles(asRoot: boolean, credentials: readonly Credential[], keyring?: Keyring): CredentialFiles {
  return asRoot ? rootCredentials(credentials) : userCredentials(credentials, keyring);
}

/** Root reads the Secret's files as they are, and sees when they change. */
function rootCredentials(credentials: readonly Credential[]): CredentialFiles {
  return {
    volumes: credentials.map(credential => ({
      name: credential.volume,
      secret: { secretName: credential.secret.secretName, defaultMode: 0o400, items: [item(credential)] },
    })),
    mounts: credentials.map(({ volume, directory }) => ({ name: volume, mountPath: directory, readOnly: true })),
    initMounts: [],
    copies: [],
    renewals: [],
  };
}

/**
 * HTCondor ignores a key that its group may read, and a user that isn't root can read a Secret's files
 * through its group only: the init container makes copies that are the user's own, in memory.
 */
function userCredentials(credentials: readonly Credential[], keyring?: Keyring): CredentialFiles {
  const exposed = ({ volume }: { readonly volume: string }) => `${EXPOSED_SECRETS}/${volume}`;
  const all = [...credentials, ...keyring ? [keyring] : []];
  return {
    volumes: all.flatMap(each => [
      { name: each.volume, emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      {
        name: `${each.volume}-secret`,
        ...'sources' in each
          ? { projected: { defaultMode: 0o440, sources: each.sources } }
          : { secret: { secretName: each.secret.secretName, defaultMode: 0o440, items: [item(each)] } },
      },
    ]),
    mounts: all.map(({ volume, directory }) => ({ name: volume, mountPath: directory, readOnly: true })),
    initMounts: all.flatMap(each => [
      { name: each.volume, mountPath: each.directory },
      { name: `${each.volume}-secret`, mountPath: exposed(each), readOnly: true },
    ]),
    // whoever reads at this moment finds the former file or this one; a name with a dot is nobody's
    renewals: credentials.flatMap(each => [
      `install -m 0600 ${exposed(each)}/${each.file} ${each.directory}/.${each.file}`, `mv ${each.directory}/.${each.file} ${each.directory}/${each.file}`,
    ]),
    copies: [
      ...credentials.map(each => `install -m 0600 ${exposed(each)}/${each.file} ${each.directory}/${each.file}`),
      ...keyring ? [`for key in ${exposed(keyring)}/*; do [ ! -e $key ] || install -D -m 0600 $key ${keyring.directory}/\${key##*/}/\${key##*/}; done`] : [],
    ],
  };
}

function item(credential: Credential): object {
  return { key: credential.secret.key ?? credential.defaultKey, path: credential.file };
}
