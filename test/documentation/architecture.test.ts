import * as fs from 'fs';
import { isBuiltin } from 'module';
import * as path from 'path';
import * as ts from 'typescript';
import { PROJECT, publicTypes } from './public-api';

const TEXT = fs.readFileSync(path.join(PROJECT, 'docs', 'architecture.md'), 'utf8');

const SOURCES = fs.readdirSync(path.join(PROJECT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts')).map(file => `src/${file.split(path.sep).join('/')}`).sort();

const LANGUAGES = "HTCondor's languages";

interface Room {
  /** Files, and folders with a slash at their end. */
  readonly places: string[];
  readonly known: string[];
}

const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(match => match[1]);

const rooms: Room[] = TEXT.split('\n').filter(line => line.startsWith('| `src/')).map(line => {
  const [places, , known] = line.split('|').slice(1, -1);
  return { places: names(places), known: names(known) };
});
const languages = rooms.find(({ places }) => places.includes('src/htcondor/classad.ts'))!;

const holds = (place: string, file: string) => place.endsWith('/') ? file.startsWith(place) : place === file;
const roomOf = (file: string) => rooms.find(({ places }) => places.some(place => holds(place, file)));
const read = (file: string) => fs.readFileSync(path.join(PROJECT, file), 'utf8');

/** What a file imports: files of the project by their path, packages by their name. */
function importsOf(file: string): string[] {
  return ts.preProcessFile(read(file)).importedFiles.map(({ fileName }) => {
    if (!fileName.startsWith('.')) { return fileName; }
    const target = path.posix.join(path.posix.dirname(file), fileName);
    return SOURCES.includes(`${target}.ts`) ? `${target}.ts` : `${target}/index.ts`;
  });
}

test('every source file is in a room, and every room has one', () => {
  expect(SOURCES.filter(file => !roomOf(file))).toEqual([]);
  expect(rooms.flatMap(({ places }) => places).filter(place => !SOURCES.some(file => holds(place, file)))).toEqual([]);
});

test('no file imports what its room may not know', () => {
  const may = (file: string, target: string) => {
    const room = roomOf(file)!;
    return isBuiltin(target) || roomOf(target) === room || room.known.some(place => holds(place, target))
      || (room.places.includes('src/htcondor/') && roomOf(target) === languages);
  };
  expect(SOURCES.flatMap(file => importsOf(file).filter(target => !may(file, target)).map(target => `${file} imports ${target}`))).toEqual([]);
});

test("HTCondor's languages take amounts of cdk8s, and no constructs", () => {
  expect(TEXT).toContain(LANGUAGES);
  const taken = languages.places.flatMap(file => [...read(file).matchAll(/import \{([^}]*)\} from 'cdk8s'/g)].flatMap(match => match[1].split(',').map(name => name.trim())));
  expect([...new Set(taken)].filter(name => !['Duration', 'Size', 'SizeRoundingBehavior'].includes(name))).toEqual([]);
  expect(languages.places.filter(file => /from '(constructs|cdk8s-plus-\d+)'/.test(read(file)))).toEqual([]);
});

test('the model of a federation knows no engine', () => {
  const engines = SOURCES.filter(file => file.startsWith('src/federation/') && importsOf(file).some(target => target.startsWith('src/federation/engines/')));
  expect(engines.filter(file => !file.startsWith('src/federation/engines/'))).toEqual(['src/federation/federation.ts', 'src/federation/index.ts']);
});

test('every file that is named exists', () => {
  const named = [...TEXT.matchAll(/`((?:src|test|docs)\/[\w./-]+)`/g)].map(match => match[1]);
  expect(named.filter(file => !fs.existsSync(path.join(PROJECT, file)))).toEqual([]);
});

test('every function that is named is in its file', () => {
  const named = [...TEXT.matchAll(/`([\w.]+)`\s+\(`(src\/[^`]+)`\)/g)].map(([, name, file]) => ({ name, file }));
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter(({ name, file }) => !declared(name.split('.'), file)).map(({ name, file }) => `${name} in ${file}`)).toEqual([]);
});

/** Whether a file declares a name, or a member of a class. */
function declared([name, member]: string[], file: string): boolean {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  return source.statements.some(statement => {
    if (ts.isVariableStatement(statement)) { return statement.declarationList.declarations.some(declaration => declaration.name.getText() === name); }
    if (!ts.isDeclarationStatement(statement) || statement.name?.getText() !== name) { return false; }
    return member === undefined || (ts.isClassDeclaration(statement) && statement.members.some(each => each.name?.getText() === member));
  });
}

describe('docstrings', () => {
  const types = publicTypes();

  test('everything public has one', () => {
    expect(types.flatMap(type => [
      ...type.documentation ? [] : [type.name],
      ...type.members.filter(({ documentation }) => !documentation).map(({ name }) => `${type.name}.${name}`),
    ])).toEqual([]);
  });

  test('whatever may be left out says what happens then', () => {
    expect(types.flatMap(type => type.members.filter(({ optional, hasDefault }) => optional && !hasDefault).map(({ name }) => `${type.name}.${name}`))).toEqual([]);
  });
});
