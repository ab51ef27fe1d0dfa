import { problem } from '../problem';

/** A person, or a service, whose jobs the pool runs. */
export interface PoolUser {
  /**
   * The name: `Owner` of the jobs, and what stands before the `@` in the user's tokens.
   *
   * Refused: anything but lower-case letters, digits, `_` and `-`, a letter first, 32 characters at most; names of HTCondor's and the
   * system's own; a name twice.
   */
  readonly name: string;

  /**
   * The numeric user id at the access points, and of a group of the user's own. Files on their volumes belong to it: it must stay
   * this user's for ever, and can't be made up at each synth.
   *
   * Refused: less than 1000, 65534 (`nobody`) and what is not less than 2^31; that of HTCondor's own user; an id twice. What belongs
   * to another user of the image keeps the access point's pod from starting.
   */
  readonly uid: number;

  /**
   * The accounting groups that the user may charge, with their full names. The first one is what a job is charged to that names none.
   *
   * Refused: a group that is none of the pool's `accountingGroups`. A group doesn't include those below it.
   *
   * @default - none: the user's jobs have no group, and a job that names one is refused
   */
  readonly accountingGroups?: string[];

  /**
   * Who the user is for issuers of SciTokens: the subject (`sub`) by the issuer's address (`iss`), as the tokens have them
   * (`CERTIFICATE_MAPFILE`). Central managers and access points ask the issuer for its keys, by HTTPS, and take such a token like one of the pool.
   *
   * Each of them needs a certificate of the address that it is called by, in a Secret `<id>-<name>-tls` of the type `kubernetes.io/tls`.
   * Both the users' HTCondor and, for the issuer, the image must trust those who signed the certificates.
   *
   * Refused: an issuer that is no https address, a subject with white space, one subject for two users.
   *
   * @default - none: the user shows tokens of the pool
   */
  readonly tokenSubjects?: { [issuer: string]: string };
}

const USER_NAME = /^[a-z][a-z0-9_-]{0,31}$/;

/** Who is somebody else already: HTCondor's own users, and the system's. */
const TAKEN = /^(root|condor|condor_pool|nobody|daemon|administrator|unmapped|unauthenticated|anonymous|execute-side|submit-side|startd-.*)$/;

const MOST_UID = 2 ** 31;

/** What is wrong with the users. */
export function userProblems(property: string, users: readonly PoolUser[], groups: readonly string[], condorUid: number): string[] {
  const known = new Set(groups.map(group => group.toLowerCase()));
  const problems: string[] = [];
  const names = new Map<string, number>();
  const uids = new Map<number, number>();
  users.forEach(({ name, uid, accountingGroups = [] }, index) => {
    const where = `${property}[${index}]`;
    if (!USER_NAME.test(name)) {
      problems.push(problem(`${where}.name`, name, 'lower-case letters, digits, "_" and "-", a letter first, at most 32'));
    } else if (TAKEN.test(name)) {
      problems.push(problem(`${where}.name`, name, 'a name that is not one of HTCondor\'s or the system\'s own'));
    } else if (names.has(name)) {
      problems.push(problem(`${where}.name`, name, `a name that ${property}[${names.get(name)}] does not have`));
    }
    names.set(name, names.get(name) ?? index);
    if (!(Number.isInteger(uid) && uid >= 1000 && uid < MOST_UID && uid !== 65534 && uid !== condorUid)) {
      problems.push(problem(`${where}.uid`, uid, `a whole number from 1000, less than 2^31, other than 65534 (nobody) and ${condorUid} (condor)`));
    } else if (uids.has(uid)) {
      problems.push(problem(`${where}.uid`, uid, `an id that ${property}[${uids.get(uid)}] does not have`));
    }
    uids.set(uid, uids.get(uid) ?? index);
    for (const group of accountingGroups.filter(each => !known.has(each.toLowerCase()))) {
      problems.push(problem(`${where}.accountingGroups`, group, `the pool's accountingGroups: ${groups.join(', ') || 'none'}`));
    }
    if (new Set(accountingGroups.map(group => group.toLowerCase())).size < accountingGroups.length) {
      problems.push(problem(`${where}.accountingGroups`, accountingGroups, 'each group once'));
    }
  });
  return problems;
}
