import { Size } from 'cdk8s';

const UNITS = ['Mi', 'Gi', 'Ti', 'Pi'];

/** A size as API servers keep it, in its largest whole unit: claims and volumes that say it in another one would change at each apply. */
export function quantity(size: Size): string {
  let [number, unit] = [size.toMebibytes(), 0];
  while (number % 1024 === 0 && number > 0 && unit < UNITS.length - 1) { [number, unit] = [number / 1024, unit + 1]; }
  return `${number}${UNITS[unit]}`;
}

/** A size in mebibytes, as REANA's programs and containers are told it; nothing of nothing. */
export function mebibytes(size: Size): string;
export function mebibytes(size: Size | undefined): string | undefined;
export function mebibytes(size?: Size): string | undefined {
  return size && `${size.toMebibytes()}Mi`;
}
