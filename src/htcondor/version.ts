/** Knobs that came (`since`) or went (`until`), as far as a pool's writer may want them. */
const LIFETIMES: { [knob: string]: { readonly since?: string; readonly until?: string } } = {
  SLOT_CONFIG_FAILURE_MODE: { since: '24.2.0' },
  CGROUP_ALL_DAEMONS: { since: '24.8.1' },
  STARTER_NESTED_SCRATCH: { since: '25.4.0' },
  CCB_SERVER_STREAMING: { since: '25.12.0' },
  CCB_CLIENT_STREAMING: { since: '25.12.0' },
  OUTBOUND_CCB: { since: '25.13.0' },
  CREDD_PORT: { until: '24.4.0' },
  STARTER_HANDLES_ALIVES: { until: '25.0.0' },
  STARTD_SENDS_ALIVES: { until: '25.0.0' },
  NAMED_CHROOT: { until: '25.0.0' },
  CREDD_ARGS: { until: '25.0.0' },
  COLLECTOR_REPEAT_STARTD_ADS: { until: '25.0.0' },
};

/**
 * A version of HTCondor: the one that runs in an image.
 *
 * It decides which templates and knobs are written. Where HTCondor's defaults
 * changed from one version to another, the constructs write the value out, so
 * that a pool behaves the same on each.
 */
export class CondorVersion {
  /**
   * 23.9.6, the version that Debian 13 (trixie) ships.
   */
  public static readonly V23_9 = CondorVersion.of('23.9.6');

  /**
   * 25.0, the line with long-term support.
   */
  public static readonly V25_0 = CondorVersion.of('25.0.0');

  /**
   * A version by its number.
   *
   * Throws if it is not a number such as `24.0.17` or `24.0`, or older than 23.9.
   *
   * @param version the number, as `condor_version` prints it
   */
  public static of(version: string): CondorVersion {
    const match = /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?$/.exec(version);
    const parts = match ? match.slice(1).map((part) => Number(part ?? 0)) : [0];
    if (!match || parts[0] < 23 || (parts[0] === 23 && parts[1] < 9)) {
      throw new Error(`CondorVersion: given ${JSON.stringify(version)}, allowed: versions from 23.9 on, such as "24.0.17"`);
    }
    return new CondorVersion(parts);
  }

  private constructor(private readonly parts: number[]) {}

  /**
   * Whether this is the given version or a later one.
   *
   * @param version its number, such as `24.2`; see `of`
   */
  public atLeast(version: string): boolean {
    return this.compareTo(CondorVersion.of(version)) >= 0;
  }

  /**
   * Negative if this is older than the other, positive if newer, 0 if equal.
   *
   * @param other the version compared with
   */
  public compareTo(other: CondorVersion): number {
    const different = this.parts.findIndex((part, index) => part !== other.parts[index]);
    return different < 0 ? 0 : this.parts[different] - other.parts[different];
  }

  /**
   * The number, in three parts.
   */
  public toString(): string {
    return this.parts.join('.');
  }

  /**
   * The template behind `use security:`; the older one is the same for a pool with tokens.
   *
   * @internal
   */
  public get _securityTemplate(): string {
    return this.atLeast('23.10') ? 'recommended' : 'recommended_v9_0';
  }

  /**
   * Whether SLOT_TYPE_<N> takes an amount of disk, not only a fraction.
   *
   * @internal
   */
  public get _slotTypesTakeDisk(): boolean {
    return this.atLeast('25.4');
  }

  /**
   * Whether a daemon behind NAT can talk to another behind NAT, through the collector.
   *
   * @internal
   */
  public get _joinsPrivateNetworks(): boolean {
    return this.atLeast('25.13');
  }

  /**
   * When a knob exists, if not in this version: `from 25.4.0 on`. Undefined for
   * knobs that it has, and for those that we know nothing about.
   *
   * @internal
   */
  public _lifetime(knob: string): string | undefined {
    const { since, until } = LIFETIMES[knob] ?? {};
    if (since && !this.atLeast(since)) {
      return `from ${since} on`;
    }
    return until && this.atLeast(until) ? `until ${until}` : undefined;
  }

  /**
   * Defaults of the execution point that changed; the newer ones, written out.
   *
   * @internal
   */
  public get _executionPointDefaults(): { [knob: string]: boolean } {
    return { CGROUP_IGNORE_CACHE_MEMORY: true, DISABLE_SWAP_FOR_JOB: true };
  }
}
