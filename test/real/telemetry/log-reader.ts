import * as fs from 'fs';
/* eslint-disable @typescript-eslint/no-explicit-any */

import { LOGGING } from './log-pool';
import { CondorImage } from '../../../src';
import { TestbedCluster } from '../kubernetes/testbed-cluster';

const POD = 'reader';

/** What the store holds of marked lines. */
export interface Marks {
  readonly records: number;
  readonly ids: number;
  /** Different marks: writer and number. */
  readonly marks: number;
  /** Records without one of cluster, federation, namespace, pod, container, workflow, job, user and source. */
  readonly incomplete: number;
  /** Seconds from the writing of a line to its first arrival at the store. */
  readonly median: number;
  readonly longest: number;
  /** Different marks that were written in each of the times asked for. */
  readonly within: number[];
  /** Different marks by cluster, workflow and source. */
  readonly by: { readonly [place: string]: number };
}

/** Asks in LogsQL, as anybody may; prints the answer's lines. */
const ASK = `
import ssl, sys, urllib.parse, urllib.request
def ask(query):
    context = ssl.create_default_context(cafile="/tmp/ca.crt")
    data = urllib.parse.urlencode({"query": query}).encode()
    return urllib.request.urlopen("https://logs-query.${LOGGING}.svc:9471/select/logsql/query", data, 300, context=context)
`;

const COUNT = `${ASK}
import json, statistics
WANTED = ["k8s.cluster.name", "federation", "k8s.namespace.name", "k8s.pod.name", "k8s.container.name", "workflow", "job", "user", "source"]
times = json.loads(sys.argv[1])
records, incomplete, ids, first, written, by = 0, 0, set(), {}, {}, {}
for line in ask('_msg:~"^mark "'):
    record = json.loads(line)
    records += 1
    _, writer, number, at = record["_msg"].split(" ")
    ids.add(record.get("log.record.uid"))
    if not all(record.get(name) for name in WANTED):
        incomplete += 1
    late = int(record["received"]) / 1000 - float(at)
    key = (writer, number)
    first[key] = min(late, first.get(key, late))
    written[key] = float(at)
    by.setdefault("/".join([record.get(name, "-") for name in ("k8s.cluster.name", "workflow", "source")]), set()).add(key)
print(json.dumps({
    "records": records, "ids": len(ids), "marks": len(first), "incomplete": incomplete,
    "median": statistics.median(first.values()) if first else 0, "longest": max(first.values(), default=0),
    "within": [sum(since <= at <= until for at in written.values()) for since, until in times],
    "by": {place: len(marks) for place, marks in sorted(by.items())},
}))
`;

/** A pod that may ask the store. */
export class LogReader {
  public static async start(cluster: TestbedCluster, authority: string, labels: { readonly [label: string]: string } = { 'cdk8s-hep/log-reader': 'true' }, name = POD): Promise<LogReader> {
    await cluster.apply([{
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: LOGGING, labels },
      spec: {
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [{
          name: 'reader',
          image: CondorImage.debian().reference,
          command: ['sleep', 'infinity'],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        }],
      },
    }]);
    await cluster.run(['wait', '--for=condition=Ready', '--timeout=600s', '--namespace', LOGGING, `pod/${name}`]);
    const reader = new LogReader(cluster, name);
    await cluster.exec(LOGGING, name, ['sh', '-c', 'cat >/tmp/ca.crt'], { input: fs.readFileSync(authority, 'utf8') });
    return reader;
  }

  private constructor(private readonly cluster: TestbedCluster, private readonly name: string) {}

  /** The records that a query finds. */
  public async ask(query: string, timeout = 300): Promise<any[]> {
    const said = await this.python(`${ASK}\nsys.stdout.write(ask(sys.argv[1]).read().decode())`, [query], timeout);
    return said.split('\n').filter(line => line !== '').map(line => JSON.parse(line));
  }

  /** One number that a query counts. */
  public async count(filter: string): Promise<number> {
    return Number((await this.ask(`${filter} | stats count() n`))[0].n);
  }

  /** Tries to write where it reads, and gives the HTTP status. */
  public async write(): Promise<number> {
    return Number(await this.python(`${ASK}
import urllib.error
try:
    context = ssl.create_default_context(cafile="/tmp/ca.crt")
    answer = urllib.request.urlopen("https://logs-query.${LOGGING}.svc:9471/insert/jsonline", b'{"_msg":"reader","_time":"0"}', 60, context=context)
    print(answer.status)
except urllib.error.HTTPError as error:
    print(error.code)`, [], 90));
  }

  /** What is there of marked lines; times are in seconds since 1970. */
  public async marks(times: readonly (readonly [number, number])[] = []): Promise<Marks> {
    return JSON.parse(await this.python(COUNT, [JSON.stringify(times)], 300));
  }

  private async python(program: string, args: string[], timeout: number): Promise<string> {
    const { status, stdout, stderr } = await this.cluster.exec(LOGGING, this.name, ['python3', '-c', program, ...args], { timeout });
    if (status !== 0) { throw new Error(`the reader ended with ${status}: ${stderr}`); }
    return stdout;
  }
}
