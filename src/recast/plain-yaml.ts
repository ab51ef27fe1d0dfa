import { Yaml } from 'cdk8s';

/** YAML without anchors: what a program mentions twice is written twice, since not every reader follows an alias. */
export function plainYaml(value: unknown): string {
  return Yaml.stringify(JSON.parse(JSON.stringify(value)));
}
