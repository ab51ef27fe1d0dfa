// The order of suites: the longest first, and in turn those that keep the processors busy, with clusters of their own, and those that wait for a pool
// in the laboratory. Either kind alone would wait for the machine at first and leave it idle in the end.
const Sequencer = require('@jest/test-sequencer').default;

const BUSY = /\/(api|engines|kubernetes|node-faults|nodes|reana|recast|telemetry)\//;

const LONG = [
  /killed-and-cut/, /engines\/live/, /updated-and-lost/, /\/api\//, /nodes\/elastic/, /engines\/karmada/, /telemetry\/logs/, /engines\/equivalence/, /\/nodes\//,
  /pool-alarms/, /recast\/(federated|condor)/, /pool-faults/, /pool-credentials/, /pool-metrics/, /pool-high/, /pool-fair/, /pool-preemption/, /pool-day-two/, /pool-upgrade/, /pool-users/,
];

const place = ({ path }) => {
  const found = LONG.findIndex(pattern => pattern.test(path));
  return found < 0 ? LONG.length : found;
};

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = [...tests].sort((a, b) => place(a) - place(b) || a.path.localeCompare(b.path));
    const [busy, waiting] = [true, false].map(is => sorted.filter(({ path }) => BUSY.test(path) === is));
    return Array.from({ length: Math.max(busy.length, waiting.length) }, (_, n) => [busy[n], waiting[n]]).flat().filter(test => test);
  }
};
