import * as fs from 'fs';
import * as path from 'path';
import * as ts from 'typescript';
import { PROJECT } from './public-api';
import { hasTest } from './test-titles';

/* What REANA's pages say of this library is there: the properties that the chart's values have become, and the tests that show a row. */

const page = (name: string) => fs.readFileSync(path.join(PROJECT, 'docs', name), 'utf8');

/** The cells of a page's tables, a row each. */
const rows = (text: string) => text.split('\n').filter(line => line.startsWith('| ') && !line.startsWith('| |')).map(line => line.slice(2, -2).split(' | '));

const spans = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, span]) => span);

/** Says of `property.property` whether `ReanaPlatform` takes it, and of `Props.property` whether that interface has it. */
function propertyChecker(): (span: string) => boolean {
  const index = path.join(PROJECT, 'src', 'index.ts');
  const { config } = ts.readConfigFile(path.join(PROJECT, 'tsconfig.json'), ts.sys.readFile);
  const program = ts.createProgram([index], ts.parseJsonConfigFileContent(config, ts.sys, PROJECT).options);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(index)!)!;
  const exported = new Map(checker.getExportsOfModule(module).map(symbol => [symbol.name, symbol]));
  const typeOf = (name: string) => {
    const symbol = exported.get(name)!;
    return checker.getDeclaredTypeOfSymbol(symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol); // eslint-disable-line no-bitwise
  };
  return span => {
    const [first, ...rest] = span.split('.');
    let type: ts.Type | undefined = typeOf(exported.has(first) ? first : 'ReanaPlatformProps');
    for (const name of exported.has(first) ? rest : [first, ...rest]) {
      const property: ts.Symbol | undefined = type && checker.getPropertyOfType(type, name);
      type = property && checker.getNonNullableType(checker.getTypeOfSymbol(property));
    }
    return type !== undefined;
  };
}

test('each value of the chart is a property that there is, or a word why not', () => {
  const values = rows(page('reana-migration.md').split('\n## Values, one by one\n')[1]).filter(([value]) => value !== 'value' && !value.startsWith('-'));
  expect(values.length).toBeGreaterThan(100);
  const isProperty = propertyChecker();
  const named = values.flatMap(([, is]) => spans(is)).filter(span => /^([a-z][A-Za-z]*|Reana\w+Props)(\.[a-z][A-Za-z]*)*$/.test(span));
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter(span => !isProperty(span))).toEqual([]);
  // and one that isn't is found
  expect(['jobs.memory', 'ReanaDatabaseProps.size', 'nothing'].filter(isProperty)).toEqual([]);
  expect(values.filter(([, is]) => !/^none/.test(is) && spans(is).length === 0)).toEqual([]);
}, 120_000);

describe.each([['reana.md', 50], ['reana-hardening.md', 29]])('%s', (name, count) => {
  const numbered = rows(page(name)).filter(([number]) => /^\d+$/.test(number));

  test('no row is missing', () => {
    expect(numbered.map(([number]) => Number(number))).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  });

  test('every test that it names is there', () => {
    const text = numbered.map(row => row.join(' ')).join('\n');
    const files = spans(text).filter(span => span.startsWith('test/'));
    expect(files.length).toBeGreaterThan(count);
    expect(files.filter(file => !fs.existsSync(path.join(PROJECT, file)))).toEqual([]);
    const titled = [...text.matchAll(/`(test\/[^`]+[.]ts)`: \*([^*]+)\*/g)];
    expect(titled.length).toBeGreaterThan(10);
    expect(titled.filter(([, file, title]) => !hasTest(file, title)).map(([cited]) => cited)).toEqual([]);
  });
});
