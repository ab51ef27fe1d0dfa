// The suite against real software: its own configuration, because it needs root,
// a container runtime and minutes, where the unit tests need none of them.
const { jest: unit } = require('../../package.json');

module.exports = {
  rootDir: '../..',
  testMatch: ['<rootDir>/test/real/**/*.test.ts'],
  // What needs the images of a site has a configuration of its own, images.config.js.
  testPathIgnorePatterns: ['/node_modules/', '/images\\.test\\.ts$'],
  transform: unit.transform,
  moduleNameMapper: unit.moduleNameMapper,
  clearMocks: true,
  reporters: ['default', ...['minutes', 'skipped-suites', 'failed-tests'].map(name => `<rootDir>/test/real/${name}.js`)],
  // Every wait has an end of its own and says what did not come; this is for what hangs without one.
  testTimeout: 3600_000,
  globalSetup: '<rootDir>/test/real/build-first.ts',
  testSequencer: '<rootDir>/test/real/longest-first.js',
  // Most suites wait for HTCondor's own times, and leave the machine's cores to the others.
  maxWorkers: 5,
};
