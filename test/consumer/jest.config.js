// The packed library in a project of its user's: its own configuration, because it installs packages
// from the registry and takes a minute. The user's own tests, in project/, run in that project.
const { jest: unit } = require('../../package.json');

module.exports = {
  rootDir: '../..',
  testMatch: ['<rootDir>/test/consumer/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  transform: unit.transform,
  clearMocks: true,
  reporters: ['default'],
  testTimeout: 300_000,
};
