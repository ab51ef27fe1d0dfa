import { CondorImage } from './image';
import { problem } from '../problem';
import { HOST_NAME, onlyInside } from '../workload/address';

/** An HTCondor pool, as what joins it needs to know it. */
export interface ICondorPool {
  /**
   * The addresses of the central managers, `host:port`, as every cluster reaches them (`COLLECTOR_HOST`).
   */
  readonly collectors: string[];

  /** The domain that the pool's tokens are issued for (`TRUST_DOMAIN`, a token's `iss`). */
  readonly trustDomain: string;

  /** The domain in which a user name is one user (`UID_DOMAIN`). */
  readonly uidDomain: string;

  /** The image that execution points run unless they state their own. */
  readonly image: CondorImage;

  /** Whether clusters other than the pool's host reach the central managers and access points. */
  readonly reachableFromOutside: boolean;

  /**
   * The addresses at which the execution points of a cluster advertise (their `COLLECTOR_HOST`).
   *
   * @param cluster the cluster's name
   */
  collectorsOf(cluster: string): string[];
}

/** Attributes of a pool that stands elsewhere. */
export interface CondorPoolAttributes {
  /** The addresses of the central managers, `host` or `host:port`; the port is 9618 unless stated. */
  readonly collectors: string[];

  /** The domain that the pool's tokens are issued for (`TRUST_DOMAIN`). */
  readonly trustDomain: string;

  /**
   * The domain in which a user name is one user (`UID_DOMAIN`).
   *
   * @default - the trust domain
   */
  readonly uidDomain?: string;

  /**
   * The image that execution points run unless they state their own.
   *
   * @default CondorImage.official()
   */
  readonly image?: CondorImage;
}

/** Pools that this program doesn't define. */
export class CondorPool {
  /**
   * A pool that stands already, for fleets to join.
   *
   * @param attributes how to reach it, and its domains
   */
  public static fromAttributes(attributes: CondorPoolAttributes): ICondorPool {
    const collectors = attributes.collectors.map(address => address.includes(':') ? address : `${address}:9618`);
    return {
      collectors,
      collectorsOf: () => collectors,
      trustDomain: attributes.trustDomain,
      uidDomain: attributes.uidDomain ?? attributes.trustDomain,
      image: attributes.image ?? CondorImage.official(),
      reachableFromOutside: attributes.collectors.every(address => !onlyInside(address)),
    };
  }

  private constructor() {}
}

/** The two parts of `host:port`; both are empty where it is no such thing. */
export function hostAndPort(address: string): { readonly host: string; readonly port: string } {
  const [, host, port] = /^\[?(.*?)\]?:(\d{1,5})$/.exec(address) ?? [undefined, '', ''];
  return { host, port };
}

/** What is wrong with a domain of users or tokens. */
export function domainProblems(property: string, domain: string): string[] {
  return HOST_NAME.test(domain) ? [] : [problem(property, domain, 'a domain name, such as cern.ch')];
}

/** What is wrong with a TCP port. */
export function portProblems(property: string, port: number): string[] {
  return Number.isInteger(port) && port >= 1024 && port <= 65535 ? [] : [problem(property, port, 'a port from 1024 to 65535')];
}
