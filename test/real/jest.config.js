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
  reporters: ['default', '<rootDir>/test/real/skipped-suites.js'],
  testTimeout: 300_000,
  // One laboratory at a time: the machine's cores are the pool's.
  maxWorkers: 1,
};
