// Says how many minutes each scenario took: suites, and the tests that took at least half a minute. And how busy the machine was, by which
// a run that waited is told from one that was short of processors.
const os = require('os');

const minutes = milliseconds => (milliseconds / 60_000).toFixed(1).padStart(5);

/** What the machine's processors did since it started, in milliseconds. */
const spent = () => os.cpus().reduce(({ all, idle }, { times }) => ({
  all: all + Object.values(times).reduce((sum, time) => sum + time, 0), idle: idle + times.idle,
}), { all: 0, idle: 0 });

module.exports = class Minutes {
  onRunStart() {
    this.before = spent();
  }

  onRunComplete(_contexts, results) {
    const lines = results.testResults.flatMap(({ testFilePath, perfStats, testResults }) => [
      `${minutes(perfStats.end - perfStats.start)}  ${testFilePath.replace(/^.*\/test\/real\//, '')}`,
      ...testResults.filter(({ duration }) => duration >= 30_000).map(({ duration, title }) => `       ${minutes(duration)}  ${title}`),
    ]);
    const [all, idle] = ['all', 'idle'].map(what => spent()[what] - this.before[what]);
    process.stderr.write(`minutes of each scenario, and ${minutes(Date.now() - results.startTime).trim()} in all, `
      + `${os.cpus().length} processors busy for ${Math.round(100 * (1 - idle / all))} % of it:\n${lines.map(line => `${line}\n`).join('')}`);
  }
};
