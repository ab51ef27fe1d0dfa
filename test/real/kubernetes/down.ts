import { Estate } from '../estate';
import { LASTING } from './places';

// The command testbed:down: removes every process, namespace, mount, control group and file of testbed:up.

Estate.dissolve(LASTING).catch(error => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
});
