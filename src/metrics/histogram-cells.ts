// The cells of a series of a histogram: [sum, count, buckets..., the bucket up to +Inf]. Buckets are not cumulative.
export const SUM = 0;
export const COUNT = 1;
export const BUCKETS = 2;
