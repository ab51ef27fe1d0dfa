// The suite against real software: its own configuration, because it needs root,
// a container runtime and minutes, where the unit tests need none of them.
const { jest: unit } = require('../../package.json');

module.exports = {
  rootDir: '../..',
  testMatch: ['<rootDir>/test/real/**/*.test.ts'],
  // The faults take three quarters of an hour: they have a task of their own, test:faults.
  testPathIgnorePatterns: ['/node_modules/', ...process.env.CDK8S_HEP_FAULTS ? [] : ['/nodes/faults\\.test\\.ts$']],
  transform: unit.transform,
  moduleNameMapper: unit.moduleNameMapper,
  clearMocks: true,
  reporters: ['default', '<rootDir>/test/real/minutes.js', '<rootDir>/test/real/skipped-suites.js'],
  testTimeout: 300_000,
  globalSetup: '<rootDir>/test/real/build-first.ts',
  // One at a time: the machine's cores are the clusters'.
  maxWorkers: 1,
};
