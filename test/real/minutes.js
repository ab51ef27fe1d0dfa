// Says how many minutes each scenario took: suites, and the tests that took at least half a minute.
const minutes = milliseconds => (milliseconds / 60_000).toFixed(1).padStart(5);

module.exports = class Minutes {
  onRunComplete(_contexts, results) {
    const lines = results.testResults.flatMap(({ testFilePath, perfStats, testResults }) => [
      `${minutes(perfStats.end - perfStats.start)}  ${testFilePath.replace(/^.*\/test\/real\//, '')}`,
      ...testResults.filter(({ duration }) => duration >= 30_000).map(({ duration, title }) => `       ${minutes(duration)}  ${title}`),
    ]);
    process.stderr.write(`minutes of each scenario, and ${minutes(Date.now() - results.startTime).trim()} in all:\n${lines.map(line => `${line}\n`).join('')}`);
  }
};
