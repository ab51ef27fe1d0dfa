// Renders and writes the objects of a synthesized folder again, as plain values, each its own.
const fs = require('fs');
const path = require('path');
const { Yaml } = require('cdk8s');
const { parseAllDocuments } = require('yaml');

const [, , folder] = process.argv;
const cache = path.join(folder, 'objects.json');
if (!fs.existsSync(cache)) {
  const files = fs.readdirSync(folder).filter(file => file.endsWith('.yaml'));
  fs.writeFileSync(cache, JSON.stringify(files.map(file => [
    file, parseAllDocuments(fs.readFileSync(path.join(folder, file), 'utf8'), { version: '1.1' }).map(document => document.toJS()),
  ])));
}
const files = JSON.parse(fs.readFileSync(cache, 'utf8'));

const started = process.hrtime.bigint();
for (const [file, objects] of files) { Yaml.save(path.join(folder, `${file}.limit`), objects); }
const ms = Number(process.hrtime.bigint() - started) / 1e6;

for (const [file] of files) {
  if (!fs.readFileSync(path.join(folder, file)).equals(fs.readFileSync(path.join(folder, `${file}.limit`)))) {
    throw new Error(`${file}: the limit writes other bytes than the library`);
  }
}
process.stdout.write(JSON.stringify({
  ms, megabytes: process.resourceUsage().maxRSS / 1024, objects: files.reduce((sum, [, objects]) => sum + objects.length, 0),
}));
