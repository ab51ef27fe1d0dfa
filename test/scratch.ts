import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'cdk8s-hep-test-'));

afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** An empty directory that is gone after the test file. */
export function scratchDirectory(): string {
  return fs.mkdtempSync(path.join(root, 'out-'));
}
