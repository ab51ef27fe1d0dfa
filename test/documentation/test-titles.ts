import * as fs from 'fs';
import * as path from 'path';
import * as ts from 'typescript';
import { PROJECT } from './public-api';

/** What joins the titles of the suites around a test with its own. */
export const JOINT = ' › ';

const SUITES = new Set(['describe', 'describeClusters', 'describeGo', 'describeJava', 'describePages', 'describeReal', 'describeWorkflowServer']);
const TESTS = new Set(['test', 'it']);

const files = new Map<string, RegExp[]>();

/** Whether a file of tests holds a test of this title, with those of its suites in front. */
export function hasTest(file: string, title: string): boolean {
  let titles = files.get(file);
  if (!titles) {
    const text = fs.readFileSync(path.join(PROJECT, file), 'utf8');
    titles = titlesIn(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true), '');
    files.set(file, titles);
  }
  return titles.some(pattern => pattern.test(title));
}

/** Patterns, since a table of cases may be made when the tests run; a title that is written out matches itself alone. */
function titlesIn(node: ts.Node, prefix: string): RegExp[] {
  const found: RegExp[] = [];
  ts.forEachChild(node, child => {
    const call = ts.isCallExpression(child) ? declared(child) : undefined;
    if (!call) {
      found.push(...titlesIn(child, prefix));
      return;
    }
    for (const title of call.titles) {
      const inside = `${prefix}${title}`;
      found.push(...TESTS.has(call.kind) ? [new RegExp(`^${inside}$`)] : call.body.flatMap(body => titlesIn(body, `${inside}${escaped(JOINT)}`)));
    }
  });
  return found;
}

/** A call such as `test('...', ...)` or `describe.each([...])('...', ...)`, its titles as the text of patterns. */
function declared(call: ts.CallExpression): { kind: string; titles: string[]; body: readonly ts.Expression[] } | undefined {
  const [title, ...body] = call.arguments;
  const kind = rootName(call.expression);
  if (!kind || !title || !(SUITES.has(kind) || TESTS.has(kind))) { return undefined; }
  const rows = ts.isCallExpression(call.expression) ? casesOf(call.expression) : undefined;
  const template = patternOf(title, rows !== undefined);
  return { kind, titles: rows ? rows.map((row, index) => filled(template, row, index)) : [template], body };
}

function rootName(expression: ts.Expression): string | undefined {
  if (ts.isIdentifier(expression)) { return expression.text; }
  if (ts.isPropertyAccessExpression(expression) || ts.isCallExpression(expression)) { return rootName(expression.expression); }
  return undefined;
}

/** The cases of `.each([...])`, as far as they are written out; one of unknown values otherwise. */
function casesOf(each: ts.CallExpression): (string | undefined)[][] {
  const table = bare(definition(each.arguments[0]));
  if (!ts.isArrayLiteralExpression(table)) { return [[]]; }
  return table.elements.map(element => {
    const row = bare(element);
    return ts.isArrayLiteralExpression(row) ? row.elements.map(literal) : [literal(row)];
  });
}

/** What a name of the file stands for, if it is defined there once for all. */
function definition(expression: ts.Expression): ts.Expression {
  if (!ts.isIdentifier(expression)) { return expression; }
  let found: ts.Expression = expression;
  const visit = (node: ts.Node) => {
    if (ts.isVariableDeclaration(node) && node.name.getText() === expression.text && node.initializer) { found = node.initializer; }
    ts.forEachChild(node, visit);
  };
  visit(expression.getSourceFile());
  return found;
}

function bare(expression: ts.Expression): ts.Expression {
  return ts.isAsExpression(expression) || ts.isParenthesizedExpression(expression) ? bare(expression.expression) : expression;
}

function literal(expression: ts.Expression): string | undefined {
  return ts.isStringLiteralLike(expression) || ts.isNumericLiteral(expression) ? expression.text : undefined;
}

/** A title as the text of a pattern. In a template for cases the placeholders stay. */
function patternOf(title: ts.Expression, keepPlaceholders: boolean): string {
  const text = (part: string) => keepPlaceholders ? part.split(/(%[a-z#])/).map(piece => /^%[a-z#]$/.test(piece) ? piece : escaped(piece)).join('') : escaped(part);
  if (ts.isStringLiteralLike(title)) { return text(title.text); }
  if (ts.isTemplateExpression(title)) { return text(title.head.text) + title.templateSpans.map(span => `.+${text(span.literal.text)}`).join(''); }
  return '.+';
}

function filled(template: string, row: (string | undefined)[], index: number): string {
  const values = [...row];
  return template.replace(/%([a-z#])/g, (_, format: string) => {
    if (format === '#') { return String(index); }
    const value = values.shift();
    return value === undefined || format === 'p' ? '.+' : escaped(format === 'j' ? JSON.stringify(value) : value);
  });
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
