// The suites that ask for images which no test here has: they run against a site's cluster, where those images are. `--images` chooses them; in
// every other run they are not even skipped. Nothing is built first, since nothing of it is started here.
const { globalSetup, testPathIgnorePatterns, ...real } = require('./jest.config.js');

module.exports = { ...real, testMatch: ['<rootDir>/test/real/**/images.test.ts'] };
