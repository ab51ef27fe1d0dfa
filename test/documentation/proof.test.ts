import * as fs from 'fs';
import * as path from 'path';
import { PROJECT, publicTypes } from './public-api';
import { hasTest, JOINT } from './test-titles';

const DOCUMENT = 'docs/proof.md';

interface Row {
  readonly line: number;
  readonly symbols: string[];
  readonly claim: string;
  readonly state: string;
  readonly how: string;
}

/** The rows of the document's tables, whose first column holds names of the library. */
const rows: Row[] = fs.readFileSync(path.join(PROJECT, DOCUMENT), 'utf8').split('\n').flatMap((text, index) => {
  if (!text.startsWith('| `')) { return []; }
  const [symbols, claim, state, how] = text.split(/(?<!\\)\|/).slice(1, -1).map(cell => cell.trim());
  return [{ line: index + 1, symbols: [...symbols.matchAll(/`([^`]+)`/g)].map(match => match[1]), claim, state, how }];
});

const types = publicTypes();
const constructs = types.filter(({ isConstruct }) => isConstruct).map(({ name }) => name);
const members = types.flatMap(type => type.members.map(member => `${type.name}.${member.name}`));

/** Every test that a row names: file and title. */
const testsOf = ({ how }: Row) => [...how.matchAll(/`(test\/[^`]+\.ts)`: \*([^*]+)\*/g)].map(([, file, title]) => ({ file, title }));

const at = ({ line, symbols }: Row) => `${DOCUMENT}:${line} (${symbols.join(', ')})`;

test('every construct, public property and public method has a row', () => {
  const named = new Set(rows.flatMap(({ symbols }) => symbols));
  expect([...constructs, ...members].filter(name => !named.has(name))).toEqual([]);
});

test('every row is about something that exists', () => {
  const known = new Set([...types.map(({ name }) => name), ...members]);
  expect(rows.flatMap(row => row.symbols.filter(name => !known.has(name)).map(name => `${at(row)}: ${name}`))).toEqual([]);
});

test('every row says what is claimed, and is proven or says why not', () => {
  expect(rows.filter(row => !row.claim || !['proven', 'not provable here'].includes(row.state)).map(at)).toEqual([]);
});

test('every proven row names a test', () => {
  expect(rows.filter(row => row.state === 'proven' && testsOf(row).length === 0).map(at)).toEqual([]);
});

test('every test that is named exists', () => {
  const missing = rows.flatMap(row => testsOf(row)
    .filter(({ file, title }) => !fs.existsSync(path.join(PROJECT, file)) || !hasTest(file, title))
    .map(({ file, title }) => `${at(row)}: ${file}: ${title}`));
  expect(missing).toEqual([]);
});

test('every row of what is not provable gives the reason and a command', () => {
  const lacking = rows.filter(({ state }) => state === 'not provable here').filter(({ how }) => {
    const command = /`([^`]+ [^`]+)`\.?$/.exec(how);
    return !command || how.slice(0, command.index).replace(/[^a-z]/gi, '').length < 20;
  });
  expect(lacking.map(at)).toEqual([]);
});

test('titles are found in suites, tables of cases and loops', () => {
  const file = 'test/htcondor/pool.test.ts';
  expect(hasTest(file, `CondorHost${JOINT}in a cluster`)).toBe(true);
  expect(hasTest(file, `CondorHost${JOINT}refuses no access point`)).toBe(true);
  expect(hasTest(file, `CondorHost${JOINT}refuses no such thing`)).toBe(false);
  expect(hasTest(file, 'in a cluster')).toBe(false);
});
