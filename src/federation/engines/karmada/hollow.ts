/**
 * Whether a value says nothing: null, false, 0, an empty text, or lists and objects of nothing else.
 *
 * API servers leave such values out of what they store where a field has no use for them, so nothing may count on their being there.
 */
export function isHollow(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.values(value).every(isHollow) : !value;
}
