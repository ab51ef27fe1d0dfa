import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { parseAllDocuments } from 'yaml';

/** What a user has beside the library: our own versions, so that one place decides them, and the CLI. */
const TOOLS = ['cdk8s', 'cdk8s-plus-27', 'constructs', 'typescript', 'ts-node', 'jest', 'ts-jest', '@types/jest', '@types/node'];
const CLI = 'cdk8s-cli@2.207.60';

const LIBRARY = path.resolve(__dirname, '../..');
const PROGRAM = path.join(__dirname, 'project');

// outside of this repository: nothing that is installed here may help the user's project
const workDirectory = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-consumer-'));
const project = path.join(workDirectory, 'project');
const installed = path.join(project, 'node_modules', 'cdk8s-hep');

let packed: string[];

beforeAll(() => {
  fs.mkdirSync(path.join(workDirectory, 'tmp'));
  fs.mkdirSync(project);
  const [tarball] = JSON.parse(succeed('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', workDirectory], LIBRARY));
  packed = tarball.files.map((file: { path: string }) => file.path);

  fs.writeFileSync(path.join(project, 'package.json'), '{ "private": true }\n');
  succeed('npm', [
    'install', '--save-exact', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund',
    path.join(workDirectory, tarball.filename), CLI, ...TOOLS.map(tool => `${tool}@${lockedVersion(tool)}`),
  ]);
  fs.cpSync(PROGRAM, project, { recursive: true });
});

afterAll(() => fs.rmSync(workDirectory, { recursive: true, force: true }));

describe('the tarball', () => {
  test('holds the library and its documents, and nothing else', () => {
    const [bundled, own] = split(packed, file => file.startsWith('node_modules/'));
    const [programs, others] = split(own, file => file.startsWith('packages/'));
    const [library, documents] = split(others, file => file.startsWith('lib/'));
    // of programs beside the library what is built, with the licences of what is in it, and the modules of Python's
    expect(programs.filter(file => !/^packages\/([\w-]+\/dist\/|(\w+)\/\2\/\w+\.py$)/.test(file))).toEqual([]);
    expect(programs).toEqual(expect.arrayContaining([
      'packages/sharedstatekube/sharedstatekube/__init__.py', 'packages/workflow-monitor/dist/workflow-monitor.cjs', 'packages/workflow-server/dist/workflow-server.cjs',
    ]));
    expect(documents.sort()).toEqual(['.jsii', 'API.md', 'LICENSE', 'README.md', 'package.json']);
    expect(library.sort()).toEqual(filesIn(path.join(LIBRARY, 'src'))
      .flatMap(file => ['.js', '.d.ts'].map(extension => `lib/${file.replace(/\.ts$/, extension)}`)).sort());
    expect([...new Set(bundled.map(file => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)![1]))].sort()).toEqual(bundledModules());
  });

  test('loads what a program names, and nothing else of an index', () => {
    const script = `const { Alarms } = require('cdk8s-hep'); const loaded = Object.keys(require.cache).filter(file => file.includes('cdk8s-hep'));
      console.log(typeof Alarms, loaded.some(file => file.endsWith('/telemetry/alarms.js')), loaded.some(file => /grafana|telemetry.(log-collection|metrics)[.]js/.test(file)))`;
    expect(succeed('node', ['-e', script], project).trim()).toBe('function true false');
  });

  test('runs nothing when it is installed', () => {
    expect(Object.keys(packageJson().scripts ?? {}).filter(name => /^(pre|post)?install$/.test(name))).toEqual([]);
  });

  test('brings no second copy of what the user has', () => {
    const modules = path.join(installed, 'node_modules');
    // npm's own: links to the commands of those that have one
    const folders = fs.readdirSync(modules).filter(name => name !== '.bin');
    const names = folders.flatMap(name => name.startsWith('@') ? fs.readdirSync(path.join(modules, name)).map(own => `${name}/${own}`) : [name]);
    expect(names.sort()).toEqual(bundledModules());
    expect(names.filter(name => TOOLS.includes(name))).toEqual([]);
  });

  test('says nothing of the machine that it was made on', () => {
    const own = filesIn(installed).filter(file => !file.startsWith('node_modules/'));
    const sources = own.flatMap(file => sourceMaps(file)).flatMap(map => [map.sourceRoot ?? '', ...map.sources]);
    expect(sources.filter(source => path.isAbsolute(source) || /^\w+:/.test(source))).toEqual([]);
    expect(own.filter(file => read(installed, file).includes(LIBRARY))).toEqual([]);
  });
});

describe('what cdk8s synth writes', () => {
  let files: { [file: string]: string };
  let lab: any[], cellar: any[], cloud: any[], portal: any[];

  beforeAll(() => {
    succeed('npx', ['cdk8s', 'synth']);
    files = contents('dist');
    [lab, cellar, cloud, portal] = ['lab', 'cellar', 'cloud', 'portal'].map(chart => objectsOf(files[`${chart}.k8s.yaml`]));
  });

  test('is one file for each cluster and one for the chart beside them, and none for the federation', () => {
    expect(Object.keys(files)).toEqual(['cellar.k8s.yaml', 'cloud.k8s.yaml', 'lab.k8s.yaml', 'portal.k8s.yaml']);
  });

  test('puts the pool into its host, and nothing of the members', () => {
    expect(namesOf(lab)).toEqual(expect.arrayContaining(['StatefulSet/pool-cm', 'StatefulSet/pool-ap1', 'Service/pool-cm', 'Service/pool-ap1']));
    expect(namesOf(lab).filter(name => /workers|web-proxy|stage-in|scratch/.test(name))).toEqual([]);
  });

  test('puts the fleet into every member, and each tells the truth about itself', () => {
    for (const [member, site] of [[cellar, 'cellar'], [cloud, 'otc-eu-de']] as const) {
      const { condor_config: common, '50-member.conf': own } = find(member, 'ConfigMap/workers').data;
      expect(`${common}${own}`.match(/^Site += .*$/gm)!.pop()).toMatch(new RegExp(`= "${site}"$`));
      expect(common).toMatch(/^NUM_CPUS += 8$/m);
    }
    expect(find(cellar, 'DaemonSet/workers').metadata.namespace).toBe('condor');
    expect(find(cellar, 'DaemonSet/workers')).toEqual(find(cloud, 'DaemonSet/workers'));
  });

  test('puts a workload of cdk8s-plus into every member, with its override', () => {
    expect([cellar, cloud].map(member => find(member, 'Deployment/web-proxy').spec.replicas)).toEqual([2, 1]);
    for (const member of [cellar, cloud]) {
      const { selector: { matchLabels }, template } = find(member, 'Deployment/web-proxy').spec;
      expect(find(member, 'Service/web-proxy-service').spec.selector).toEqual(matchLabels);
      expect(template.metadata.labels).toMatchObject(matchLabels);
    }
  });

  test('puts what is placed into the members that the placement selects', () => {
    expect(namesOf(cloud)).toContain('Deployment/stage-in');
    expect(namesOf(cellar)).not.toContain('Deployment/stage-in');
  });

  test('puts the user\'s own construct into its member', () => {
    expect(find(cellar, 'PersistentVolumeClaim/scratch-volume').spec.resources.requests.storage).toBe('2048Gi');
    expect(find(cellar, 'ResourceQuota/scratch-quota').spec).toEqual({ hard: { persistentvolumeclaims: 1 } });
    expect(namesOf(cloud).filter(name => name.includes('scratch'))).toEqual([]);
  });

  test('leaves the chart beside as cdk8s makes it; it reads what the pool tells', () => {
    expect(portal.map(({ kind, metadata }) => `${metadata.namespace}/${kind}`)).toEqual(['portal/Deployment', 'portal/Service', 'portal/Ingress']);
    expect(portal[0].spec.template.spec.containers[0].env).toEqual([{ name: 'POOL', value: 'condor.lab.example:9618' }]);
  });

  test('is the same bytes every time', () => {
    succeed('npx', ['cdk8s', 'synth', '--output', 'again']);
    expect(contents('again')).toEqual(files);
  });
});

describe('the user\'s program', () => {
  test('type-checks, the library\'s declarations included', () => {
    expect(JSON.parse(read(project, 'tsconfig.json')).compilerOptions).toMatchObject({ strict: true, skipLibCheck: false });
    expect(succeed('npx', ['tsc', '--noEmit'])).toBe('');
  });

  test('is snapshot-tested with jest', () => {
    const charts = ['lab', 'cellar', 'cloud', 'portal'];
    expect(jest('--ci=false')).toEqual({ status: 0, passed: charts, failed: [], written: 4 });
    const snapshots = contents('__snapshots__');
    expect(Object.keys(snapshots)).toEqual(['grid-site.test.ts.snap']);

    expect(jest('--ci')).toEqual({ status: 0, passed: charts, failed: [], written: 0 });

    change('grid-site.ts', [['cpus: 8', 'cpus: 4']], () => {
      expect(jest('--ci')).toEqual({ status: 1, passed: ['lab', 'portal'], failed: ['cellar', 'cloud'], written: 0 });
    });
    expect(contents('__snapshots__')).toEqual(snapshots);
  });

  test('is refused where it is wrong: all that is wrong is reported, and nothing is written', () => {
    change('grid-site.ts', [['cpus: 8', 'cpus: 0'], ["provider('lab').not()", "provider('nobody')"]], () => {
      const { status, stdout, stderr } = run('npx', ['cdk8s', 'synth', '--output', 'wrong']);
      expect(status).toBe(1);
      expect(stderr).toContain('[grid/workers] cpus: given 0, allowed: a whole number of cores from 1\n');
      expect(stderr).toContain('[grid] grid/outside clusters: given "provider nobody", allowed: a selector of at least one member of: cellar, cloud\n');
      expect(stdout).not.toContain('.k8s.yaml');
      expect(filesIn(path.join(project, 'wrong'))).toEqual([]);
    });
  });
});

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command as the user's shell runs it: with nothing of ours in its environment, and temporary files among those that are removed. */
function run(command: string, args: string[], cwd = project): Outcome {
  const ours = /^(npm_(package|lifecycle|config_local_prefix)|INIT_CWD|NODE_(ENV|OPTIONS|PATH)|JEST_|TS_|CDK8S_|JSII_|CI$|NO_COLOR)/;
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 240_000,
    env: {
      ...environment,
      PATH: environment.PATH!.split(path.delimiter).filter(directory => path.basename(directory) !== '.bin').join(path.delimiter),
      TMPDIR: path.join(workDirectory, 'tmp'),
      FORCE_COLOR: '0',
      CDK8S_CHECK_UPGRADE: 'false',
      npm_config_logs_max: '0',
      npm_config_yes: 'false',
    },
  });
  if (error) { throw new Error(`${command} ${args.join(' ')}: ${error.message}\n${stdout}${stderr}`); }
  return { status, stdout, stderr };
}

/** What a command prints that has to work. */
/** What is bundled, and what that needs itself. */
function bundledModules(): string[] {
  const needs = (name: string) => Object.keys(JSON.parse(fs.readFileSync(path.join(LIBRARY, 'node_modules', name, 'package.json'), 'utf8')).dependencies ?? {});
  const bundled: string[] = packageJson().bundledDependencies;
  return [...new Set(bundled.flatMap(name => [name, ...needs(name)]))].sort();
}

function succeed(command: string, args: string[], cwd = project): string {
  const { status, stdout, stderr } = run(command, args, cwd);
  if (status !== 0) { throw new Error(`${command} ${args.join(' ')} exited with ${status}\n${stdout}${stderr}`); }
  return stdout;
}

/** The user's own tests, and what became of each. */
function jest(option: string) {
  const { status, stdout, stderr } = run('npx', ['jest', option, '--json', '--outputFile', path.join(workDirectory, 'results.json')]);
  const { testResults, snapshot } = JSON.parse(read(workDirectory, 'results.json'));
  if (testResults.length !== 1 || testResults[0].assertionResults.length === 0) { throw new Error(`no tests\n${stdout}${stderr}`); }
  const named = (state: string) => testResults[0].assertionResults
    .filter((result: { status: string }) => result.status === state).map((result: { title: string }) => result.title);
  return { status, passed: named('passed'), failed: named('failed'), written: snapshot.added };
}

/** Changes the program as its author would, while something is done. */
function change(file: string, replacements: [string, string][], work: () => void): void {
  const before = read(project, file);
  for (const [from] of replacements) { expect(before).toContain(from); }
  fs.writeFileSync(path.join(project, file), replacements.reduce((text, [from, to]) => text.replace(from, to), before));
  try {
    work();
  } finally {
    fs.writeFileSync(path.join(project, file), before);
  }
}

function lockedVersion(name: string): string {
  return JSON.parse(read(LIBRARY, 'package-lock.json')).packages[`node_modules/${name}`].version;
}

function packageJson() {
  return JSON.parse(read(installed, 'package.json'));
}

function sourceMaps(file: string): { sources: string[]; sourceRoot?: string }[] {
  const [, encoded] = /^\/\/# sourceMappingURL=data:application\/json;(?:charset=[\w-]+;)?base64,(.+)$/m.exec(read(installed, file)) ?? [];
  return encoded ? [JSON.parse(Buffer.from(encoded, 'base64').toString())] : [];
}

function read(...file: string[]): string {
  return fs.readFileSync(path.join(...file), 'utf8');
}

/** Files below a directory, by their paths from there; none where there is no directory. */
function filesIn(directory: string): string[] {
  if (!fs.existsSync(directory)) { return []; }
  const all = fs.readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return all.filter(file => fs.statSync(path.join(directory, file)).isFile()).sort();
}

function contents(directory: string): { [file: string]: string } {
  return Object.fromEntries(filesIn(path.join(project, directory)).map(file => [file, read(project, directory, file)]));
}

function objectsOf(text: string): any[] {
  return parseAllDocuments(text).map(document => document.toJS());
}

const nameOf = (object: any) => `${object.kind}/${object.metadata.name}`;
const namesOf = (objects: any[]): string[] => objects.map(nameOf);

function find(objects: any[], name: string): any {
  expect(namesOf(objects)).toContain(name);
  return objects.find(object => nameOf(object) === name);
}

function split(files: string[], belongs: (file: string) => boolean): [string[], string[]] {
  return [files.filter(belongs), files.filter(file => !belongs(file))];
}
