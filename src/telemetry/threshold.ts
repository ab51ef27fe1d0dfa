import { Duration } from 'cdk8s';
import { promDuration } from './promql';
import { isDnsSubdomain } from '../federation/names';
import { problem } from '../problem';

const seconds = (duration: Duration) => duration.toSeconds({ integral: false });

/** What is wrong with a duration that must be at least as long as another. */
export function atLeast(property: string, given: Duration, least: Duration, because: string): string[] {
  return seconds(given) >= seconds(least) ? [] : [problem(property, promDuration(given), `at least ${promDuration(least)}: ${because}`)];
}

/** What is wrong with a duration that must be longer than another. */
export function longerThan(property: string, given: Duration, than: Duration, because: string): string[] {
  return seconds(given) > seconds(than) ? [] : [problem(property, promDuration(given), `more than ${promDuration(than)}: ${because}`)];
}

/** What is wrong with a part of a whole. */
export function ratioProblems(property: string, given: number): string[] {
  return given > 0 && given < 1 ? [] : [problem(property, given, 'a part of the whole: more than 0, less than 1')];
}

/** What is wrong with a number of things. */
export function countProblems(property: string, given: number, least: number): string[] {
  return Number.isInteger(given) && given >= least ? [] : [problem(property, given, `a whole number, at least ${least}`)];
}

/** What is wrong with a name that becomes a part of a query. */
export function nameProblems(property: string, given: string): string[] {
  return isDnsSubdomain(given) ? [] : [problem(property, given, "a name of Kubernetes: a-z, 0-9, '-' and '.'")];
}
