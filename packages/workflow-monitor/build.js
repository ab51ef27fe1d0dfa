// Makes one file of the program: dist/workflow-monitor.cjs, with the page in it. The page is gzipped, as browsers take it: the whole is a quarter
// of what it were otherwise, and fits a ConfigMap with room to spare. Equal sources give equal bytes.
const esbuild = require('esbuild');
const { readFileSync } = require('fs');
const path = require('path');
const { gzipSync } = require('zlib');

const here = file => path.join(__dirname, file);
const common = { bundle: true, minify: true, legalComments: 'inline', logLevel: 'warning' };

/** Without the name of the system that it was made on, which is the tenth byte. */
function compressed(content) {
  const bytes = gzipSync(content, { level: 9 });
  bytes[9] = 255;
  return bytes;
}

async function main() {
  const script = await esbuild.build({
    ...common, entryPoints: [here('src/page/page.ts')], format: 'iife', target: 'es2022', write: false, define: { 'process.env.NODE_ENV': '"production"' },
  });
  const style = await esbuild.build({ ...common, entryPoints: [here('src/page/style.css')], write: false });
  const gzipped = content => `Buffer.from(${JSON.stringify(compressed(content).toString('base64'))}, 'base64')`;
  const asset = (type, content) => `{ type: ${JSON.stringify(type)}, gzipped: ${gzipped(content)} }`;
  const html = file => asset('text/html; charset=utf-8', readFileSync(here(`src/page/${file}.html`)));
  const assets = `export default {
    list: ${html('list')},
    workflow: ${html('workflow')},
    files: {
      'page.js': ${asset('text/javascript; charset=utf-8', script.outputFiles[0].contents)},
      'icon.svg': ${asset('image/svg+xml', readFileSync(here('src/page/icon.svg')))},
      'style.css': ${asset('text/css; charset=utf-8', style.outputFiles[0].contents)},
    },
  };`;
  await esbuild.build({
    ...common,
    entryPoints: [here('src/server/main.ts')],
    outfile: here('dist/workflow-monitor.cjs'),
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    plugins: [{
      name: 'page',
      setup(build) {
        build.onResolve({ filter: /^page-assets$/ }, () => ({ path: 'page-assets', namespace: 'page' }));
        build.onLoad({ filter: /.*/, namespace: 'page' }, () => ({ contents: assets, loader: 'js' }));
      },
    }],
  });
}

main().catch(error => {
  console.error(error.message);
  process.exit(1);
});
