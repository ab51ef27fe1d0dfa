import { createHash } from 'crypto';
import { KnobSet, Macro } from './config';
import { PATHS } from './paths';

/** The daemon of `condor_master` that sees to it that a changed ConfigMap is read. */
export const CONFIG_WATCH = 'CONFIG_WATCH';

/** The script of it, in the ConfigMap. */
export const WATCH_FILE = 'watch';

/** What the master's ad says of its configuration: which one it has read. */
const DIGEST_ATTRIBUTE = 'ConfigDigest';

/** What was there before the master read it; whatever differs from it is read again. */
const SEEN = `${PATHS.run}/config-seen`;

const LOOK = `cat ${PATHS.config}/* | cksum`;

/** What the init container does: the master reads what is there then, or something newer. */
export const NOTE_CONFIGURATION = `${LOOK} >${SEEN}`;

/**
 * SIGHUP makes a master read its configuration again, and tell its daemons to. A file that HTCondor can't read would end them all, so
 * it is tried out first. The sleep is the shell's child: a signal is heard at once.
 */
export const WATCH_SCRIPT = [
  "trap 'kill $! 2>/dev/null; exit 0' TERM QUIT INT",
  "trap '' HUP",
  'while :; do',
  '  sleep 5 & wait $!',
  `  new=$(${LOOK})`,
  `  [ "$new" != "$(cat ${SEEN})" ] || continue`,
  '  condor_config_val DAEMON_LIST >/dev/null || continue',
  `  echo "$new" >${SEEN}`,
  '  kill -HUP $PPID',
  'done',
  '',
].join('\n');

/** Has the master run what watches the configuration, and say which one it has. */
export function watchConfiguration(knobs: KnobSet, ...masterAttributes: string[]): void {
  knobs.section('A changed configuration is read without a restart');
  knobs.set(CONFIG_WATCH, '/bin/sh');
  knobs.set(`${CONFIG_WATCH}_ARGS`, `${PATHS.config}/${WATCH_FILE}`);
  knobs.set('MASTER_ATTRS', new Macro(['$(MASTER_ATTRS)', ...masterAttributes, DIGEST_ATTRIBUTE].join(' ')));
}

/** A file's text, and in it the digest of what the master reads: this file, and those before it. */
export function withDigest(text: string, ...before: string[]): string {
  if (text === '') { return ''; }
  return `${text}\n# Which configuration this is, in the master's ad\n${DIGEST_ATTRIBUTE} = "${digestOf([...before, text])}"\n`;
}

/** The digest that a file tells of. */
export function digestIn(text: string): string {
  return new RegExp(`^${DIGEST_ATTRIBUTE} = "(\\w+)"$`, 'm').exec(text)?.[1] ?? '';
}

/** Tells configurations apart. */
export function digestOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\0')).digest('hex').slice(0, 16);
}

/** Knobs of central managers and access points that their daemons take from a configuration that they read again. */
const LIVE = [
  // the master starts a daemon that is new and ends one that is no longer there; what is said of either is for it alone
  /^DAEMON_LIST$/, /^MEMBER_[A-Z0-9_]+_COLLECTOR(_ARGS|\.(?!SEC_)\w+)?$/,
  /^(ALLOW|DENY)_(READ|WRITE|DAEMON|NEGOTIATOR|ADMINISTRATOR|ADVERTISE_\w+)$/,
  /^GROUP_/, /^NEGOTIATOR_(INTERVAL|MIN_INTERVAL|CYCLE_DELAY|ALLOW_QUOTA_OVERSUBSCRIPTION|CONSIDER_PREEMPTION|CONSIDER_EARLY_PREEMPTION)$/,
  /^PREEMPTION_(REQUIREMENTS|RANK)$/, /^PRIORITY_HALFLIFE$/, /^DEFAULT_PRIO_FACTOR$/,
  /^MAX_JOBS_RUNNING$/, /^JOB_DEFAULT_/,
];

/** The same of execution points. */
const LIVE_IN_STARTD = [
  /^(START|RANK|PREEMPT|WANT_VACATE|KILL)$/, /^(MAXJOBRETIREMENTTIME|MACHINEMAXVACATETIME|CLAIM_WORKLIFE)$/, /^STARTD_ATTRS$/,
];

/** Whether a server's daemons take a knob from a configuration that is read again. What isn't known to be is not. */
export function isLive(knob: string): boolean {
  return LIVE.some(pattern => pattern.test(knob.toUpperCase()));
}

/** Whether a startd does; what it advertises of the user's is among it. */
export function isLiveInStartd(attributes: readonly string[]): (knob: string) => boolean {
  return knob => attributes.includes(knob) || LIVE_IN_STARTD.some(pattern => pattern.test(knob.toUpperCase()));
}
