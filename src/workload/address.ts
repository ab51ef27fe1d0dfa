import { isIP } from 'net';
import { problem } from '../problem';

/** What a host name looks like. */
export const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Whether an address, with or without a port, means something inside one cluster, or one machine, only. */
export function onlyInside(address: string): boolean {
  // an IPv6 address ends like one with a port
  const host = (isIP(address) ? address : address.replace(/:\d+$/, '')).toLowerCase();
  if (isIP(host)) { return /^127\.|^::1$|^169\.254\.|^0\./.test(host); }
  return !host.includes('.') || /\.(svc|local|internal|cluster\.local|localdomain)$/.test(host) || /\.svc\./.test(host);
}

/** What is wrong with an address that others are told. */
export function addressProblems(property: string, address: string): string[] {
  return isIP(address) || HOST_NAME.test(address) ? [] : [problem(property, address, 'a host name or an IP address, without a port')];
}
