import { SecretReference } from '../workload/secret-reference';

/** A variable of a container's environment. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

/** Variables by name. What is an object is given as JSON, what is undefined isn't set. */
export interface Variables {
  readonly [name: string]: string | number | boolean | object | undefined;
}

/** Variables that hold values, in the order in which they are given. */
export function environment(variables: Variables): EnvironmentVariable[] {
  return Object.entries(variables).filter(([, value]) => value !== undefined).map(([name, value]) => ({ name, value: asText(value) }));
}

/** A variable whose value is in a Secret. */
export function secretVariable(name: string, { secretName, key }: SecretReference): EnvironmentVariable {
  return { name, valueFrom: { secretKeyRef: { name: secretName, key: key ?? name } } };
}

/** Variables as the workflow controller takes those that it hands on: a map in JSON. */
export function asMap(variables: Variables): { [name: string]: string } {
  return Object.fromEntries(environment(variables).map(({ name, value }) => [name, value!]));
}

/** Later variables take the place of earlier ones of the same name. */
export function merged(...lists: readonly EnvironmentVariable[][]): EnvironmentVariable[] {
  return [...new Map(lists.flat().map(variable => [variable.name, variable])).values()];
}

function asText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
