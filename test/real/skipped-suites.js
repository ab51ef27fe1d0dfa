// Says at the very end which suites did not run, and why: one line each.
module.exports = class SkippedSuites {
  onRunComplete(_contexts, results) {
    const skipped = results.testResults.flatMap(file => file.testResults)
      .filter(test => test.status === 'pending' && / \[this machine lacks /.test(test.ancestorTitles[0] || ''))
      .map(test => test.ancestorTitles[0]);
    for (const suite of new Set(skipped)) {
      process.stderr.write(`SKIPPED: ${suite}\n`);
    }
  }
};
