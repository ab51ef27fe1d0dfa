import * as path from 'path';
import { Component } from '../kubernetes/component';
import { ControlGroup } from '../kubernetes/control-group';
import { Testbed } from '../kubernetes/testbed';

/** Where clouds have it. */
export const METADATA = '169.254.169.254';

/** What the service gives to whoever asks. */
export const CREDENTIALS = 'credentials of the node';

const SERVICE = `require('http').createServer((_request, response) => response.end('${CREDENTIALS}')).listen(80, '0.0.0.0')`;

/** Puts a cloud's metadata service at the way out of a cluster's site; gives another address at which it answers as well. */
export async function placeMetadataService(testbed: Testbed, cluster: string): Promise<string> {
  const { site } = testbed.cluster(cluster);
  await site.gateway.ip('addr', 'add', `${METADATA}/32`, 'dev', 'lo');
  const service = new Component('metadata', [process.execPath, '-e', SERVICE], {
    network: site.gateway.path, group: new ControlGroup(`/${testbed.prefix}/metadata`), logs: path.dirname(testbed.kubeconfig),
  }).start();
  await service.until('answering', async () => (await site.gateway.attempt(['bash', '-c', asking(METADATA)], { timeout: 20 })).stdout.includes(CREDENTIALS));
  return site.inside;
}

/** A command of bash that prints what a service answers, or nothing. */
export function asking(address: string): string {
  return `timeout 10 bash -c 'exec 3<>/dev/tcp/$0/80; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3' ${address} 2>/dev/null`;
}
