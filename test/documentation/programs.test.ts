import * as fs from 'fs';
import * as path from 'path';
import * as ts from 'typescript';
import { PROJECT } from './public-api';
import { scratchDirectory } from '../scratch';

/* What the documents show as a whole program, from its imports to the synth, is compiled and run as a reader would. */

interface Program {
  /** Where it stands: document and line. */
  readonly place: string;
  readonly text: string;
}

const documents = ['README.md', ...fs.readdirSync(path.join(PROJECT, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.md')).map(file => `docs/${file}`).sort()];

/** Blocks of TypeScript that import something; what imports nothing is a part of a program. */
function programsOf(document: string): Program[] {
  const markdown = fs.readFileSync(path.join(PROJECT, document), 'utf8');
  return [...markdown.matchAll(/^```ts\n([^]*?)^```$/gm)].filter(([, text]) => /^import /m.test(text)).map(({ 1: text, index }) => ({
    place: `${document}:${markdown.slice(0, index).split('\n').length + 1}`, text,
  }));
}

const programs = documents.flatMap(programsOf);

/** What the compiler says of them, as if each was a file beside the examples. */
function complaints(): string[] {
  const folder = path.join(PROJECT, 'examples');
  const { config } = ts.readConfigFile(path.join(folder, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  const files = new Map(programs.map(({ text }, index) => [path.join(folder, `document-${index}.ts`), text]));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = name => files.has(name) || fileExists(name);
  host.readFile = name => files.get(name) ?? readFile(name);
  host.getSourceFile = (name, ...rest) =>
    files.has(name) ? ts.createSourceFile(name, files.get(name)!, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest);
  const compiled = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(compiled).map(({ file, start, messageText }) => {
    const index = file ? [...files.keys()].indexOf(file.fileName) : -1;
    const where = index < 0 ? file?.fileName ?? '' : `${programs[index].place}, its line ${file!.getLineAndCharacterOfPosition(start!).line + 1}`;
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/** Runs a program in an empty directory; gives the names of the files that are there then. */
function synthesized({ text }: Program): string[] {
  const directory = scratchDirectory();
  const before = process.cwd();
  const { outputText } = ts.transpileModule(text, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 } });
  process.chdir(directory);
  try {
    new Function('require', 'exports', outputText)(require, {});
  } finally {
    process.chdir(before);
  }
  return fs.readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.k8s.yaml'));
}

test('there are programs, on the pages that promise one', () => {
  const pages = new Set(programs.map(({ place }) => place.replace(/:\d+$/, '')));
  expect([...pages]).toEqual(expect.arrayContaining(['README.md', 'docs/fair-share.md', 'docs/preemption.md']));
});

test('every program compiles', () => {
  expect(complaints()).toEqual([]);
}, 120_000);

test.each(programs.map(program => [program.place, program] as const))('the program at %s synthesizes', (_, program) => {
  expect(synthesized(program).length).toBeGreaterThan(0);
});
