// Builds the program as one file, dist/workflow-server.cjs, with the licences of what is in it beside it.
const fs = require('fs');
const path = require('path');
const esbuild = require('esbuild');

const root = path.join(__dirname, '..', '..');
const dist = path.join(__dirname, 'dist');

const { metafile } = esbuild.buildSync({
  absWorkingDir: root,
  entryPoints: ['packages/workflow-server/src/main.ts'],
  outfile: path.join(dist, 'workflow-server.cjs'),
  bundle: true,
  minify: true,
  legalComments: 'none',
  charset: 'ascii',
  platform: 'node',
  target: 'node20',
  // a native client that nobody installs, and that is asked for by its name alone
  external: ['pg-native'],
  metafile: true,
});

const modules = [...new Set(Object.keys(metafile.inputs).map(file => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]).filter(Boolean))].sort();
fs.writeFileSync(path.join(dist, 'licences.txt'), modules.map(licence).join('\n\n'));

function licence(directory) {
  const { name, version, license } = JSON.parse(fs.readFileSync(path.join(root, directory, 'package.json'), 'utf8'));
  const file = fs.readdirSync(path.join(root, directory)).find(each => /^licen[cs]e/i.test(each));
  return `${name} ${version} (${license})\n${file ? fs.readFileSync(path.join(root, directory, file), 'utf8').trim() : ''}`;
}
