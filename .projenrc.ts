import { cdk8s, javascript } from 'projen';

const project = new cdk8s.ConstructLibraryCdk8s({
  name: 'cdk8s-hep',
  description: 'Typed constructs for HTCondor pools, REANA and telemetry over a federation of Kubernetes clusters',
  author: 'cdk8s-hep authors',
  authorAddress: 'https://github.com/cdk8s-hep',
  authorOrganization: true,
  repositoryUrl: 'https://github.com/cdk8s-hep/cdk8s-hep.git',
  keywords: ['cdk8s', 'kubernetes', 'htcondor', 'federation', 'hep', 'high-energy-physics', 'batch'],
  license: 'Apache-2.0',
  defaultReleaseBranch: 'main',

  packageManager: javascript.NodePackageManager.NPM,
  projenVersion: '0.103.25',
  projenrcTs: true,
  jsiiVersion: '~6.0.0',
  typescriptVersion: '~6.0.3',
  cdk8sVersion: '2.70.106',
  constructsVersion: '10.3.0',
  minNodeVersion: '20.0.0',
  peerDeps: ['cdk8s-plus-27@^2.9.5'],
  // Lua and the regular expressions of Fluent Bit, which has no package in any registry, for tests
  devDeps: [
    'cdk8s-plus-27@2.9.5', 'fast-check@^4', 'fengari@^0.1.5', 'vscode-oniguruma@^2.0.1',
    // what the programs beside the library are made of, which carry it in themselves; and a browser's driver for their tests
    'esbuild@0.28.2', 'cytoscape@^3', '@dagrejs/dagre@^3', 'ajv@^8', 'fastify@5.12.8', 'pg@8.23.1', '@types/pg@^8', 'puppeteer-core@^24',
  ],
  bundledDeps: ['fast-json-patch@^3.1.1', 'yaml@^2', '@grafana/grafana-foundation-sdk@0.0.21'],

  // Bindings are generated in the build (code only); nothing is published yet.
  publishToPypi: { distName: 'cdk8s-hep', module: 'cdk8s_hep' },
  publishToMaven: { javaPackage: 'io.github.cdk8shep', mavenGroupId: 'io.github.cdk8shep', mavenArtifactId: 'cdk8s-hep' },
  publishToGo: { moduleName: 'github.com/cdk8s-hep/cdk8s-hep-go' },

  github: false,
  release: false,
  depsUpgrade: false,
  sampleCode: false,
  pullRequestTemplate: false,
  typecheckTests: true,
  docgenFilePath: 'API.md',
  jestOptions: {
    updateSnapshot: javascript.UpdateSnapshot.NEVER,
    junitReporting: false,
    passWithNoTests: false,
    jestConfig: { collectCoverage: false, coverageProvider: 'babel' },
  },
  eslintOptions: { dirs: ['src'], devdirs: ['test', 'examples', 'bench', 'packages'], commandOptions: { fix: false } },
  gitignore: ['cdk8s.out/', '.jsii.tabl.json', '/out/', '/packages/*/dist/', '__pycache__/'],
});

// The newest release of this native module lacks most of its platform packages,
// and `npm ci` refuses the lock file that results.
project.package.addPackageResolutions('unrs-resolver@1.12.2');
project.tasks.addEnvironment('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', '20');


// Examples, tests and README snippets import the package by its name.
project.package.addField('exports', { '.': './lib/index.js', './*': './*' });
project.jest!.config.moduleNameMapper = { '^cdk8s-hep$': '<rootDir>/src' };
for (const folder of ['real', 'consumer']) { project.jest!.addIgnorePattern(`/test/${folder}/`); }
for (const unpublished of [
  '/examples/', '/bench/', '/images/', '/docs/', '/.ci/', '/out/', '/cdk8s.out/', '/.jsii.tabl.json', '*.log',
  // of the programs beside the library what constructs read
  '/packages/*/*', '!/packages/*/dist/', '!/packages/sharedstatekube/sharedstatekube/', '!/packages/wflowbackend/wflowbackend/',
]) {
  project.addPackageIgnore(unpublished);
}

for (const folder of ['examples', 'bench']) {
  new javascript.TypescriptConfig(project, {
    fileName: `${folder}/tsconfig.json`,
    extends: javascript.TypescriptConfigExtends.fromTypescriptConfigs([project.tsconfig!]),
    compilerOptions: { noEmit: true, rootDir: '..', paths: { 'cdk8s-hep': ['../src'] } },
    include: ['**/*.ts'],
  });
  project.testTask.prependExec(`tsc --noEmit -p ${folder}/tsconfig.json`);
}

project.compileTask.exec('node projenrc/lazy-exports.js');

// Constructs carry the programs beside the library, so that these are built first, wherever anything is compiled.
const bundle = project.addTask('bundle', {
  description: 'Builds the programs beside the library, one file each',
  steps: ['workflow-monitor', 'workflow-server'].flatMap(program => [
    { exec: `tsc --noEmit -p packages/${program}/tsconfig.json` }, { exec: `node packages/${program}/build.js` },
  ]),
});
project.compileTask.prependSpawn(bundle);

project.postCompileTask.spawn(project.addTask('rosetta', {
  description: 'Compiles the examples in README.md and in docstrings',
  exec: 'jsii-rosetta extract --compile --strict',
}));

project.addTask('demo', {
  description: "Synthesizes CERN's federation into out/ and says what it made and where to apply it",
  env: { CDK8S_OUTDIR: 'out' },
  steps: [
    { spawn: project.compileTask.name },
    { exec: 'ts-node --transpile-only --project examples/tsconfig.json examples/cern-tsystems/main.ts' },
  ],
});

project.addTask('test:coverage', { description: 'Measures what the tests reach', exec: 'jest --ci --coverage', receiveArgs: true });
project.addTask('test:setup', { description: 'Installs the Debian packages that the tests on real software need', exec: 'test/real/setup' });
const real = project.addTask('test:real', {
  description: 'Runs what is synthesized on real software; without arguments all of it but what needs the images of a site (--images)',
  steps: [{ spawn: bundle.name }, { exec: 'test/real/run', receiveArgs: true }],
});
const testbed: { [command: string]: string } = {
  up: 'Starts the clusters of the main example on this machine, and says how to use them',
  down: 'Takes down what testbed:up or testbed:demo started',
  demo: "Starts the clusters, applies the main example, and runs the talk's job at T-Systems",
};
for (const [command, description] of Object.entries(testbed)) {
  const exec = `ts-node --transpile-only --project test/tsconfig.json test/real/kubernetes/${command}.ts`;
  project.addTask(`testbed:${command}`, { description, steps: [...command === 'down' ? [] : [{ spawn: bundle.name }], { exec }] });
}
const consumer = project.addTask('test:consumer', {
  description: 'Packs the library and uses it in an empty project, as its users do',
  steps: [
    { spawn: project.compileTask.name },
    { exec: 'jsii-docgen -o API.md' },
    { exec: 'jest --config test/consumer/jest.config.js' },
  ],
});

// The package by its name, in the fixtures of a user's project: its types are those of the compiled library.
project.testTask.prependSpawn(project.compileTask);

// What takes seconds has a task of its own: it is what the build runs. All tests are `test`.
const unit = project.addTask('test:unit', { description: 'Runs the unit, snapshot and property tests, and lint', steps: [...project.testTask.steps] });
project.testTask.reset();
project.testTask.spawn(unit, { receiveArgs: true });
project.testTask.spawn(real);
project.testTask.spawn(consumer);

// The other languages' packages are generated, not built: each would need its own toolchain.
const packageJs = project.tasks.tryFind('package:js')!;
project.packageTask.reset();
project.packageTask.spawn(packageJs);
project.packageTask.spawn(project.addTask('bindings', {
  description: 'Generates the code of the Python, Java and Go packages',
  exec: 'jsii-pacmak --code-only --target python --target java --target go --outdir dist/bindings',
}));
project.addTask('bench', {
  description: 'Measures construction and synth against writing the same plain objects',
  steps: [
    { spawn: project.compileTask.name },
    { exec: 'ts-node --transpile-only --project bench/tsconfig.json bench/main.ts', receiveArgs: true },
  ],
});

const made = project.addTask('build:artifacts', {
  description: 'Synthesizes the project files, compiles and packs',
  steps: [project.defaultTask!, project.preCompileTask, project.compileTask, project.postCompileTask, project.packageTask]
    .map(({ name }) => ({ spawn: name })),
});
project.removeTask('build');
project.addTask('build', {
  description: 'Synthesizes the project files, compiles, packs and runs the unit tests',
  steps: [made, unit].map(({ name }) => ({ spawn: name })),
});

project.synth();
