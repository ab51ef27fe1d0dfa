import { missingForClusters } from '../requirements';

/** A `describe` for a suite that needs nothing but Go. */
export function describeGo(name: string, suite: () => void): void {
  const [missing] = missingForClusters().filter(lack => lack.startsWith('Go '));
  if (!missing) {
    describe(name, suite);
  } else if (process.env.CI === 'true' || process.env.CDK8S_HEP_NO_SKIP === '1') {
    test(name, () => { throw new Error(`this machine lacks ${missing}`); });
  } else {
    describe.skip(`${name} [this machine lacks ${missing}]`, suite);
  }
}
