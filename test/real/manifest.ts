import { parseAllDocuments } from 'yaml';

/** A Kubernetes object as it stands in a synthesized file. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: { readonly [key: string]: string };
    readonly annotations?: { readonly [key: string]: string };
  };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly [field: string]: any;
}

/** The objects of one synthesized file, read by the YAML that Kubernetes reads: 0400 is octal there. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text, { version: '1.1' }).map(document => {
    if (document.errors.length) {
      throw document.errors[0];
    }
    return document.toJS() as Manifest;
  }).filter(manifest => manifest !== null);
}

/** What a field is to the laboratory: honoured, or known to change nothing that can be seen in it. */
export type Fields = { readonly [field: string]: 'honoured' | 'no effect' };

/** Refuses what the laboratory would otherwise have to leave out silently. */
export function onlyFields(value: object | undefined, where: string, fields: Fields): void {
  for (const [field, content] of Object.entries(value ?? {})) {
    if (!(field in fields) && content !== undefined) {
      throw new Error(`${where}: the laboratory cannot do ${field}: ${JSON.stringify(content)}`);
    }
  }
}

/** Refuses a value that asks for something the laboratory has not got. */
export function onlyValue(value: unknown, where: string, ...allowed: unknown[]): void {
  if (value !== undefined && !allowed.includes(value)) {
    throw new Error(`${where}: the laboratory cannot do ${JSON.stringify(value)}, only ${JSON.stringify(allowed)}`);
  }
}
