/**
 * Exponential buckets, as Prometheus' native histograms have them: bucket `key` of schema `s` holds the values in
 * (g^(key-1), g^key] with g = 2^(2^-s). One schema lower, buckets 2k-1 and 2k are bucket k.
 */

/** The finest schema in use; every other is reached by halving from here. */
export const BASE_SCHEMA = 5;
/** The coarsest: here all doubles of one sign fit into a few pages. */
export const MIN_SCHEMA: number = -4;

const STEPS = 1 << BASE_SCHEMA;

/**
 * The upper bounds of buckets 0 to 31 at schema 5, g^key in [1, 2). These are Prometheus' own doubles (twice every
 * eighth bound of the Go client's schema 8), not all of them correctly rounded, so that all clients agree on buckets.
 */
const BOUNDS: readonly number[] = [
  1.0, 1.0218971486541166, 1.0442737824274138, 1.0671404006768235, 1.0905077326652577, 1.1143867425958924,
  1.1387886347566916, 1.1637248587775775, 1.189207115002721, 1.2152473599804687, 1.241857812073484,
  1.2690509571917332, 1.2968395546510096, 1.325236643159741, 1.3542555469368927, 1.3839098819638318,
  1.414213562373095, 1.4451808069770464, 1.4768261459394991, 1.5091644275934224, 1.5422108254079407,
  1.5759808451078863, 1.610490331949254, 1.6457554781539645, 1.6817928305074288, 1.7186192981224775,
  1.756252160373299, 1.7947090750031065, 1.8340080864093422, 1.8741676341102995, 1.915206561397147,
  1.9571441241753997,
];

// A double and its two halves share memory, so that its exponent and mantissa can be taken apart.
const double = new Float64Array(1);
const half = new Uint32Array(double.buffer);
const LOW = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

const MANTISSA = 0xfffff;
const EXPONENT_BIAS = 1023;
const SMALLEST_NORMAL_HIGH = 0x00100000;

// The mantissas of the bounds in two halves, and a last one that no mantissa exceeds.
const boundHigh = new Uint32Array(STEPS + 1).fill(MANTISSA);
const boundLow = new Uint32Array(STEPS + 1).fill(0xffffffff);
BOUNDS.forEach((bound, i) => {
  double[0] = bound;
  boundHigh[i] = (half[HIGH] as number) & MANTISSA;
  boundLow[i] = half[LOW] as number;
});

// [1, 2) cut into 64 equal cells: at most one bound lies in each, so the first bound at or after the cell's start is
// the answer for all of it, or the next one is.
const CELL_SHIFT = 20 - (BASE_SCHEMA + 1);
const firstBound = Uint8Array.from({ length: 2 * STEPS }, (_, cell) => {
  const found = BOUNDS.findIndex((bound) => bound >= 1 + cell / (2 * STEPS));
  return found === -1 ? STEPS : found;
});

/** The key of the bucket of schema 5 that holds `value`, which must be positive and finite. */
export function bucketKey(value: number): number {
  double[0] = value;
  let high = half[HIGH] as number;
  let exponent = -EXPONENT_BIAS;
  if (high < SMALLEST_NORMAL_HIGH) {
    double[0] = value * 2 ** 54;
    high = half[HIGH] as number;
    exponent -= 54;
  }
  exponent += high >>> 20;
  const mantissa = high & MANTISSA;
  const bound = firstBound[mantissa >>> CELL_SHIFT] as number;
  const key = exponent * STEPS + bound;
  const limit = boundHigh[bound] as number;
  if (mantissa === limit) return key + Number((half[LOW] as number) > (boundLow[bound] as number));
  // Without a branch, which the processor could not predict: see `bucketOf()`.
  return key + Number(mantissa > limit);
}

/** The key of the same value's bucket `steps` schemas lower. */
export function coarserKey(key: number, steps: number): number {
  return (key + (1 << steps) - 1) >> steps;
}

/**
 * The number with the smallest worst relative error to everything in bucket `key` of `schema`: 2g^key / (g + 1). The
 * error is at most (g - 1) / (g + 1): 1.083 % at schema 5, and about twice as much for each schema below.
 */
export function bucketMiddle(key: number, schema: number): number {
  const finest = key * 2 ** (BASE_SCHEMA - schema);
  const growth = schema > 0 ? (BOUNDS[1 << (BASE_SCHEMA - schema)] as number) : 2 ** (2 ** -schema);
  const mantissa = (BOUNDS[finest & (STEPS - 1)] as number) * (2 / (growth + 1));
  const exponent = finest >> BASE_SCHEMA;
  // 2^1024 is no double, though the product is.
  return exponent > EXPONENT_BIAS ? mantissa * 2 * 2 ** (exponent - 1) : mantissa * 2 ** exponent;
}
