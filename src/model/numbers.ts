/** `Number.isFinite`, as a test that the compiler understands. */
export function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}
