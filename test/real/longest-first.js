const { default: Sequencer } = require('@jest/test-sequencer');

/** The suite that waits most begins first; the others take their turns beside it. */
const LONGEST = /\/nodes\/faults\.test\.ts$/;

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => (LONGEST.test(path) ? 0 : 1);
    return [...tests].sort((one, other) => rank(one) - rank(other) || one.path.localeCompare(other.path));
  }
};
