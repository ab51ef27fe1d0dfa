/**
 * A value in a Secret that somebody else creates. This library never holds or writes secret values.
 */
export interface SecretReference {
  /** The name of the Secret, in the namespace of what uses it. */
  readonly secretName: string;

  /**
   * The key in the Secret's data.
   *
   * @default - the key that the user of the reference documents
   */
  readonly key?: string;
}

/** What a key in a Secret may look like. */
export const SECRET_KEY = "letters, digits, '-', '_' and '.', at most 253";

/** Whether a Secret can have such a key. */
export function isSecretKey(key: string): boolean {
  return /^[-._a-zA-Z0-9]{1,253}$/.test(key);
}
