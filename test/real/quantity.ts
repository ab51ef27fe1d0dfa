const SUFFIXES: { [suffix: string]: number } = {
  '': 1,
  'm': 1e-3,
  'k': 1e3,
  'M': 1e6,
  'G': 1e9,
  'T': 1e12,
  'P': 1e15,
  'Ki': 2 ** 10,
  'Mi': 2 ** 20,
  'Gi': 2 ** 30,
  'Ti': 2 ** 40,
  'Pi': 2 ** 50,
};

/** The number a Kubernetes quantity stands for: cores, or bytes. */
export function quantity(text: string | number): number {
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)(m|k|[MGTP]|[KMGTP]i)?$/.exec(String(text));
  if (!match || Number.isNaN(Number(match[1]))) {
    throw new Error(`not a quantity: ${text}`);
  }
  return Number(match[1]) * SUFFIXES[match[2] ?? ''];
}
