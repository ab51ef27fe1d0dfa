// How long `require` of a module takes in a process that has loaded nothing.
const started = process.hrtime.bigint();
require(process.argv[2]);
process.stdout.write(JSON.stringify({ ms: Number(process.hrtime.bigint() - started) / 1e6, megabytes: 0, objects: 0 }));
