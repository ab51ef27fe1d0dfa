import { PATHS } from './paths';
import { PoolUser } from './pool-user';

/** The users as lines of a passwd file, which an init container adds to the image's own. */
export const ACCOUNTS_FILE = 'users.passwd';

/** Where the files are that take the place of the image's. */
export const ACCOUNTS = { volume: 'accounts', directory: '/accounts' } as const;

/**
 * HTCondor asks the system who a job's owner is, and the system asks /etc/passwd. An image can't hold the users of every site.
 */
export function accountsFile(users: readonly PoolUser[]): string {
  return users.map(({ name, uid }) => `${name}:x:${uid}:${uid}::${PATHS.home}/${name}:/bin/sh\n`).join('');
}

/**
 * What puts the image's accounts and the program's together. An account that the image has in the same way stays the image's; one
 * that the image has otherwise is somebody else's files, so the pod doesn't start.
 */
export function accountsScript(): string[] {
  const { directory } = ACCOUNTS;
  return [
    `cp /etc/passwd /etc/group ${directory}/`,
    'while IFS=: read -r name _ uid rest; do',
    `  if grep -q "^$name:[^:]*:$uid:" ${directory}/passwd; then continue; fi`,
    `  if grep -qE "^$name:|^[^:]*:[^:]*:$uid:" ${directory}/passwd; then`,
    '    echo "the image has another account $name, or another one of uid $uid" >&2; exit 1',
    '  fi',
    `  echo "$name:x:$uid:$rest" >>${directory}/passwd`,
    `  grep -qE "^$name:|^[^:]*:[^:]*:$uid:" ${directory}/group || echo "$name:x:$uid:" >>${directory}/group`,
    `done <${PATHS.config}/${ACCOUNTS_FILE}`,
  ];
}
