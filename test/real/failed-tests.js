// Says at the end what failed, a few lines each: who cuts a long output keeps that.
const { stripVTControlCharacters } = require('util');

/** Characters of a failure's message; all of it was printed when it happened. */
const LENGTH = 400;

module.exports = class FailedTests {
  onRunComplete(_contexts, results) {
    for (const { testFilePath, testResults, testExecError } of results.testResults) {
      const failed = testResults.filter(({ status }) => status === 'failed').map(({ fullName, failureMessages }) => [fullName, failureMessages.join('\n')]);
      if (testExecError) { failed.push(['the suite itself', testExecError.message ?? String(testExecError)]); }
      for (const [name, message] of failed) {
        const said = stripVTControlCharacters(message).replace(/\s*\n\s*/g, '\n     ').slice(0, LENGTH);
        process.stderr.write(`FAILED: ${testFilePath.replace(/^.*\/test\/real\//, '')} › ${name}\n     ${said}\n`);
      }
    }
  }
};
