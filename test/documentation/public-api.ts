import * as path from 'path';
import * as ts from 'typescript';

/** The root of the project. */
export const PROJECT = path.join(__dirname, '..', '..');

/** A member that users of the library can name. */
export interface PublicMember {
  readonly name: string;

  /** What its docstring says, tags left out. */
  readonly documentation: string;

  /** A property of a struct that may be left out. */
  readonly optional: boolean;

  /** Whether its docstring has a `@default`. */
  readonly hasDefault: boolean;
}

/** A class, interface or enum that users of the library can name. */
export interface PublicType {
  readonly name: string;
  readonly documentation: string;
  readonly isConstruct: boolean;
  readonly members: readonly PublicMember[];
}

/** Types that a program can reach from `src/index.ts`, in the order of their names. */
export function publicTypes(): PublicType[] {
  const { config } = ts.readConfigFile(path.join(PROJECT, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, PROJECT);
  const index = path.join(PROJECT, 'src', 'index.ts');
  const program = ts.createProgram([index], options);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(index)!)!;
  return checker.getExportsOfModule(module).map(symbol => publicType(symbol, checker)).sort((one, other) => one.name < other.name ? -1 : 1);
}

function publicType(symbol: ts.Symbol, checker: ts.TypeChecker): PublicType {
  const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol; // eslint-disable-line no-bitwise
  const declaration = original.declarations![0];
  if (!(ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration) || ts.isEnumDeclaration(declaration))) {
    throw new Error(`${symbol.name} is neither a class nor an interface nor an enum`);
  }
  const members = new Map<string, PublicMember>();
  for (const member of publicMembers(declaration, checker)) { members.set(member.name, member); }
  return {
    name: symbol.name,
    documentation: documentationOf(original, checker),
    isConstruct: bases(original, checker).has('Construct'),
    members: [...members.values()],
  };
}

function publicMembers(declaration: ts.ClassDeclaration | ts.InterfaceDeclaration | ts.EnumDeclaration, checker: ts.TypeChecker): PublicMember[] {
  const nodes = [...declaration.members].flatMap((member): ts.NamedDeclaration[] =>
    ts.isConstructorDeclaration(member) ? member.parameters.filter(parameter => ts.isParameterPropertyDeclaration(parameter, member)) : [member]);
  return nodes.filter(isPublic).map(node => {
    const symbol = checker.getSymbolAtLocation(node.name!)!;
    return {
      name: symbol.name,
      documentation: documentationOf(symbol, checker) || inheritedDocumentation(symbol, declaration, checker),
      optional: ts.isPropertySignature(node) && node.questionToken !== undefined,
      hasDefault: ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'default'),
    };
  });
}

function isPublic(node: ts.NamedDeclaration): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected; // eslint-disable-line no-bitwise
  // eslint-disable-next-line no-bitwise
  return node.name !== undefined && !(ts.getCombinedModifierFlags(node) & hidden) && !ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal');
}

function documentationOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  return ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
}

/** A class may leave it to the interface that it implements to say what a member is; jsii takes it from there. */
function inheritedDocumentation(member: ts.Symbol, declaration: ts.Declaration, checker: ts.TypeChecker): string {
  if (!ts.isClassDeclaration(declaration)) { return ''; }
  const types = (declaration.heritageClauses ?? []).flatMap(clause => [...clause.types]);
  const parents = types.map(type => checker.getTypeAtLocation(type).getProperty(member.name));
  return parents.map(parent => parent ? documentationOf(parent, checker) : '').find(text => text) ?? '';
}

/** The names of the classes that a class is made of. */
function bases(symbol: ts.Symbol, checker: ts.TypeChecker): Set<string> {
  const names = new Set<string>();
  const visit = (type: ts.Type) => {
    for (const base of type.isClassOrInterface() ? checker.getBaseTypes(type) : []) {
      names.add(base.symbol.name);
      visit(base);
    }
  };
  visit(checker.getDeclaredTypeOfSymbol(symbol));
  return names;
}
