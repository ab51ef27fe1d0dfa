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
  devDeps: ['cdk8s-plus-27@2.9.5', 'fast-check@^4', 'yaml@^2'],
  bundledDeps: ['fast-json-patch@^3.1.1'],

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
  eslintOptions: { dirs: ['src'], devdirs: ['test', 'examples', 'bench'], commandOptions: { fix: false } },
  gitignore: ['cdk8s.out/', '.jsii.tabl.json', '/out/'],
});

// The newest release of this native module lacks most of its platform packages,
// and `npm ci` refuses the lock file that results.
project.package.addPackageResolutions('unrs-resolver@1.12.2');
project.tasks.addEnvironment('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', '20');

project.synth();
