// The order of suites: those that wait for half an hour begin first, beside one that asks for little while their clusters start;
// what remains runs beside them.
const Sequencer = require('@jest/test-sequencer').default;

const LONG = [
  /killed-and-cut/, /updated-and-lost/, /pool-faults/, /engines\/live/, /nodes\/elastic/, /pool-alarms/, /engines\/karmada/, /telemetry\/logs/, /pool-preemption/, /pool-high/,
  /pool-credentials/, /pool-fair/, /engines\/equivalence/, /\/api\//, /pool-metrics/, /pool-day-two/, /pool-upgrade/, /pool-users/, /\/nodes\//,
];

const place = ({ path }) => {
  const found = LONG.findIndex(pattern => pattern.test(path));
  return found < 0 ? LONG.length : found;
};

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => place(a) - place(b) || a.path.localeCompare(b.path));
  }
};
