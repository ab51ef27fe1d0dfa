/** Properties that engines share which take the members' files from a Git repository. */
export interface GitOpsEngineProps {
  /**
   * The repository that the synthesized files are committed to: `https://host/path` or `ssh://git@host/path`.
   *
   * Refused: a user or a password in an `https` URL; credentials are in a Secret of the controller's.
   */
  readonly repoUrl: string;

  /**
   * The folder of the repository that holds the files of `App.outdir`, without a slash before or after it; `.` is the repository's root.
   */
  readonly path: string;

  /**
   * Whether objects that the program no longer declares are deleted in the members.
   *
   * @default false
   */
  readonly prune?: boolean;
}
