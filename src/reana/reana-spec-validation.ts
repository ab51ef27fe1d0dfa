import { isIP } from 'net';
import { Duration, Size } from 'cdk8s';
import type { Cpu } from 'cdk8s-plus-27';
import { Variables } from './environment';
import { problem } from '../problem';
import { mebibytes } from '../workload/quantity';

/**
 * The pod in which specifications are loaded, which are code of users. The server and the workflow controller that are here by default don't make it:
 * all of this needs newer ones. What image it has, and which variables, `images.validator` and `environments.validator` say.
 */
export interface ReanaSpecValidation {
  /**
   * How long loading may take, with the pull of the image, in whole seconds (`REANA_SPEC_VALIDATION_TIMEOUT`).
   *
   * @default Duration.seconds(60)
   */
  readonly timeout?: Duration;

  /**
   * The longest time that a client may ask for, in whole seconds (`REANA_SPEC_VALIDATION_MAX_TIMEOUT`). Refused: less than `timeout`.
   *
   * @default - ten times the timeout
   */
  readonly maxTimeout?: Duration;

  /**
   * The CPU that it may use (`REANA_SPEC_VALIDATION_CPU_LIMIT`).
   *
   * @default Cpu.units(1)
   */
  readonly cpuLimit?: Cpu;

  /**
   * The memory above which it is killed (`REANA_SPEC_VALIDATION_MEMORY_LIMIT`).
   *
   * @default Size.gibibytes(1)
   */
  readonly memoryLimit?: Size;

  /**
   * The most that it may write (`REANA_SPEC_VALIDATION_EPHEMERAL_STORAGE_LIMIT`).
   *
   * @default Size.gibibytes(1)
   */
  readonly ephemeralStorageLimit?: Size;

  /**
   * The most files that a specification may be of (`REANA_SPEC_BUNDLE_MAX_FILES`).
   *
   * @default 1000
   */
  readonly maxFiles?: number;

  /**
   * The most that those files may hold (`REANA_SPEC_BUNDLE_MAX_BYTES`).
   *
   * @default Size.mebibytes(100)
   */
  readonly maxSize?: Size;

  /**
   * Whether it reaches the public network, for what specifications refer to there (`REANA_SPEC_VALIDATION_ALLOW_EGRESS`). The workflow controller makes
   * the NetworkPolicy.
   *
   * @default true
   */
  readonly publicEgress?: boolean;

  /**
   * The networks that it doesn't reach, in CIDR notation: those of pods, Services and nodes must be among them (`REANA_SPEC_VALIDATION_BLOCKED_EGRESS_CIDRS`).
   *
   * @default ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10']
   */
  readonly blockedNetworks?: string[];

  /**
   * The addresses of the name servers that it asks: the cluster's own are in a network that it doesn't reach (`REANA_SPEC_VALIDATION_DNS_NAMESERVERS`).
   *
   * @default ['1.1.1.1', '8.8.8.8']
   */
  readonly nameServers?: string[];
}

/** What the server has to know as well: how long it waits, and what it takes in. */
export function specBundleVariables({ timeout, maxFiles, maxSize }: ReanaSpecValidation = {}): Variables {
  return {
    REANA_SPEC_VALIDATION_TIMEOUT: seconds(timeout),
    REANA_SPEC_BUNDLE_MAX_FILES: maxFiles,
    REANA_SPEC_BUNDLE_MAX_BYTES: maxSize && maxSize.toMebibytes() * 1024 * 1024,
  };
}

/** What the workflow controller is told, which makes the pod. */
export function specValidationVariables(validation: ReanaSpecValidation = {}): Variables {
  const { maxTimeout, cpuLimit, memoryLimit, ephemeralStorageLimit, publicEgress, blockedNetworks, nameServers } = validation;
  return {
    ...specBundleVariables(validation),
    REANA_SPEC_VALIDATION_MAX_TIMEOUT: seconds(maxTimeout),
    REANA_SPEC_VALIDATION_CPU_LIMIT: cpuLimit?.amount,
    REANA_SPEC_VALIDATION_MEMORY_LIMIT: mebibytes(memoryLimit),
    REANA_SPEC_VALIDATION_EPHEMERAL_STORAGE_LIMIT: mebibytes(ephemeralStorageLimit),
    REANA_SPEC_VALIDATION_ALLOW_EGRESS: publicEgress,
    REANA_SPEC_VALIDATION_BLOCKED_EGRESS_CIDRS: blockedNetworks?.join(','),
    REANA_SPEC_VALIDATION_DNS_NAMESERVERS: nameServers?.join(','),
  };
}

export function specValidationProblems(validation: ReanaSpecValidation): string[] {
  const { timeout, maxTimeout, ephemeralStorageLimit, maxFiles, blockedNetworks, nameServers } = validation;
  const problems: string[] = [];
  for (const [property, time] of Object.entries({ timeout, maxTimeout })) {
    const given = seconds(time);
    if (given !== undefined && !(Number.isInteger(given) && given >= 1)) {
      problems.push(problem(`specValidation.${property}`, `${given} s`, 'whole seconds, at least 1'));
    }
  }
  const least = seconds(timeout) ?? 60;
  if (maxTimeout && seconds(maxTimeout)! < least) {
    problems.push(problem('specValidation.maxTimeout', `${seconds(maxTimeout)} s`, `at least timeout, which is ${least} s`));
  }
  if (ephemeralStorageLimit && ephemeralStorageLimit.toMebibytes() < LEAST_STORAGE) {
    problems.push(problem('specValidation.ephemeralStorageLimit', mebibytes(ephemeralStorageLimit), `at least ${LEAST_STORAGE}Mi, which the pod asks its node for`));
  }
  if (maxFiles !== undefined && !(Number.isInteger(maxFiles) && maxFiles >= 1)) {
    problems.push(problem('specValidation.maxFiles', maxFiles, 'a whole number of at least 1'));
  }
  for (const network of blockedNetworks ?? []) {
    const [address, prefix] = network.split('/');
    // the policy takes them out of 0.0.0.0/0
    if (isIP(address) !== 4 || !/^([0-9]|[12][0-9]|3[0-2])$/.test(prefix ?? '') || network.split('/').length !== 2) {
      problems.push(problem('specValidation.blockedNetworks', network, 'IPv4 networks in CIDR notation, such as 10.0.0.0/8'));
    }
  }
  for (const server of nameServers ?? []) {
    if (isIP(server) === 0) { problems.push(problem('specValidation.nameServers', server, 'addresses, such as 1.1.1.1')); }
  }
  return problems;
}

/** The ephemeral storage that the pod asks for, where `REANA_SPEC_VALIDATION_EPHEMERAL_STORAGE_REQUEST` doesn't say otherwise, in mebibytes. */
const LEAST_STORAGE = 128;

const seconds = (time?: Duration) => time?.toSeconds({ integral: false });
