import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { PROJECT } from './public-api';
import { scratchDirectory } from '../scratch';

const EXAMPLES = path.join(PROJECT, 'examples');

/** What README.md makes by hand: the pool's key, and the members' tokens. */
const BY_HAND = ['condor-host condor/condor-signing-key', 'meyrin condor/startd-token', 'tsystems condor/startd-token'];

/** What an example prints; its files are in `outdir` then. */
function printed(example = 'cern-tsystems', outdir = scratchDirectory()): string {
  process.env.CDK8S_OUTDIR = outdir;
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    jest.isolateModules(() => jest.requireActual(path.join(EXAMPLES, example, 'main')));
    return write.mock.calls.map(([text]) => text).join('');
  } finally {
    write.mockRestore();
    delete process.env.CDK8S_OUTDIR;
  }
}

/** Writes down what is created where, and does as if it had done it: `CONTEXT NAMESPACE/NAME`. */
const KUBECTL = `#!/bin/bash
set -e
if [ "$1" = create ]; then
  for word; do
    case $word in --from-file=*) file=\${word##*=}; test -s "$file" ;; esac
  done
  echo "$6/$4"
elif [ "$3" = apply ]; then
  echo "$2 $(cat)" >>"$MADE"
else
  echo token
fi
`;

const script = path.join(EXAMPLES, 'cern-tsystems', 'telemetry-secrets');

/** The Secrets that an example says must be there, each as `CLUSTER NAMESPACE/NAME`. */
function required(text: string): string[] {
  const table = /^CLUSTER .*\n((?:.+\n)+)/m.exec(text)![1];
  return table.trim().split('\n').map(line => line.split(/ +/).slice(0, 2).join(' '));
}

test('what the example says is made by what it says makes it', () => {
  const text = printed();
  const needed = required(text);
  expect(text).toContain(path.relative(PROJECT, script));
  expect(needed).toEqual(expect.arrayContaining(BY_HAND));

  const directory = scratchDirectory();
  fs.writeFileSync(path.join(directory, 'kubectl'), KUBECTL, { mode: 0o755 });
  const made = path.join(directory, 'made');
  const { status, stderr } = spawnSync(script, { encoding: 'utf8', env: { ...process.env, PATH: `${directory}:${process.env.PATH}`, MADE: made } });
  expect([status, stderr]).toEqual([0, '']);
  const ofReana = needed.filter(secret => secret.startsWith('condor-host reana/'));
  expect(ofReana.length).toBeGreaterThan(5);
  const page = fs.readFileSync(path.join(PROJECT, 'docs/reana.md'), 'utf8');
  for (const secret of ofReana) { expect(page).toContain(`| \`${secret.replace('condor-host reana/', '')}\` |`); }
  const ofRecast = needed.filter(secret => secret.startsWith('condor-host recast/'));
  expect(ofRecast).toHaveLength(3);
  const rest = needed.filter(secret => ![...BY_HAND, ...ofReana, ...ofRecast].includes(secret));
  expect(rest.length).toBeGreaterThan(8);
  expect(fs.readFileSync(made, 'utf8').trim().split('\n')).toEqual(expect.arrayContaining(rest));
});

test('it says where each file goes, and every port of its logs and metrics between clusters', () => {
  const lines = printed().split('\n').map(line => line.replace(/ +/g, ' ').trim());
  for (const cluster of ['condor-host', 'meyrin', 'tsystems']) {
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^kubectl --context ${cluster} apply --server-side -f .*/${cluster}.k8s.yaml$`)));
  }
  for (const rule of [
    'meyrin condor-host logs.cern.ch TCP 4318', 'tsystems condor-host logs.cern.ch TCP 4319',
    'meyrin condor-host metrics.cern.ch TCP 9090', 'tsystems condor-host metrics.cern.ch TCP 9090',
  ]) { expect(lines).toContainEqual(expect.stringContaining(rule)); }
});

test('REANA: each Secret that its example asks for, and each key of it, is in the table of docs/reana.md', () => {
  const outdir = scratchDirectory();
  const text = printed('reana', outdir);
  const file = path.join(outdir, 'reana.k8s.yaml');
  expect(text).toContain(`kubectl --context reana apply --server-side -f ${file}\n`);
  const asked = [...fs.readFileSync(file, 'utf8').matchAll(/secretKeyRef:\n +(?:name: (\S+)\n +key: (\S+)|key: (\S+)\n +name: (\S+))/g)]
    .map(([, name, key, keyFirst, nameLast]) => ({ name: name ?? nameLast, key: key ?? keyFirst }));
  // and the login of the share, which is a node's
  expect([...asked.map(({ name }) => `reana reana/${name}`), 'reana kube-system/os-trustee']).toEqual(expect.arrayContaining(required(text)));
  expect(required(text)).toEqual(expect.arrayContaining(asked.map(({ name }) => `reana reana/${name}`)));
  const rows = fs.readFileSync(path.join(PROJECT, 'docs/reana.md'), 'utf8').split('\n## Secrets\n')[1].split('\n## ')[0].split('\n');
  for (const { name, key } of asked) {
    // a Secret that the program names itself is in the row of its property
    const row = rows.find(line => line.startsWith(`| \`${name}\` |`)) ?? rows.find(line => line.startsWith('| `login.cernSecret` |'));
    expect([name, row]).toEqual([name, expect.stringContaining(`\`${key}\``)]);
  }
});

test('RECAST: each Secret that the examples ask for is in the table of docs/workflow-server.md', () => {
  const text = printed('recast');
  expect(text).toMatch(/kubectl --context recast apply --server-side -f \S+recast.k8s.yaml\n/);
  const needed = [...required(text), ...required(printed()).filter(secret => secret.startsWith('condor-host recast/'))];
  expect(needed.length).toBeGreaterThan(5);
  const table = fs.readFileSync(path.join(PROJECT, 'docs/workflow-server.md'), 'utf8').split('\n## Secrets\n')[1].split('\n## ')[0];
  for (const secret of needed) { expect(table).toContain(`| \`${secret.replace(/^.* recast\//, '')}\` |`); }
});
