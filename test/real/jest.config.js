// The suite against real software: its own configuration, because it needs root,
// a container runtime and minutes, where the unit tests need none of them.
const { jest: unit } = require('../../package.json');

module.exports = {
  rootDir: '../..',
  testMatch: ['<rootDir>/test/real/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  transform: unit.transform,
  moduleNameMapper: unit.moduleNameMapper,
  clearMocks: true,
  reporters: ['default', '<rootDir>/test/real/minutes.js', '<rootDir>/test/real/skipped-suites.js'],
  testTimeout: 300_000,
  globalSetup: '<rootDir>/test/real/build-first.ts',
  testSequencer: '<rootDir>/test/real/longest-first.js',
  // Two at a time: the one with the faults waits for most of its time, and the others take turns beside it.
  maxWorkers: 2,
};
