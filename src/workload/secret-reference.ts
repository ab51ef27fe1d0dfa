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
