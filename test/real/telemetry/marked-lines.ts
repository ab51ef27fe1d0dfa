import { CondorImage } from '../../../src';

/** Writes `mark <writer> <number> <seconds since 1970>`, some lines at a time, so that all of them take the seconds given. Its argument is the writer. */
export function writing(lines: number, seconds: number): string {
  const rounds = seconds * 2;
  return [
    '#!/usr/bin/python3',
    'import sys, time',
    'n = 0',
    `for r in range(${rounds}):`,
    `    while n < (r + 1) * ${lines} // ${rounds}:`,
    '        print("mark", sys.argv[1], n, "%.3f" % time.time())',
    '        n += 1',
    '    sys.stdout.flush()',
    '    time.sleep(0.5)',
    '',
  ].join('\n');
}

/** A Job of Kubernetes that writes such lines, with the labels that REANA gives a step of a workflow. */
export function writerJob(name: string, workflow: string, script: string): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'default' },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { labels: { 'reana-run-job-workflow-uuid': workflow, 'user-uuid': 'physicist' } },
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'step', image: CondorImage.debian().reference, command: ['python3', '-c', script, name] }],
        },
      },
    },
  };
}

/** HTCondor jobs of one workflow that run `write.py` at a site. */
export function writerJobs(site: string, workflow: string, jobs: number): string {
  return `
executable = write.py
arguments = condor-${site}-$(Process)
should_transfer_files = YES
requirements = regexp("@startd[.]${site}$", TARGET.Name)
request_cpus = 1
request_memory = 100
request_disk = 10240
My.ReanaWorkflowUuid = "${workflow}"
output = written.${site}.$(Process)
log = log.$(Cluster)
queue ${jobs}
`;
}
