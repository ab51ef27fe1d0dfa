// Has the compiled library load what a program names, and nothing else: `require('cdk8s-hep')` runs every file that an index exports,
// though most programs need one room of it. TypeScript can't write such an export: its output is rewritten after each compilation.
const { existsSync, readdirSync, readFileSync, writeFileSync } = require('fs');

/** A file that is required under a name, and the exports that are got from it. */
const REQUIRED = /^var (\w+) = (require\("\.\/[\w-]+"\));\n((?:Object\.defineProperty\(exports, "\w+", \{ enumerable: true, get: function \(\) \{ return \1\.\w+; \} \}\);\n)+)/gm;

for (const index of readdirSync('lib').map(room => `lib/${room}/index.js`).filter(existsSync)) {
  const text = readFileSync(index, 'utf8');
  writeFileSync(index, text.replace(REQUIRED, (_, name, required, exports) => exports.replaceAll(`return ${name}.`, `return ${required}.`)));
}
