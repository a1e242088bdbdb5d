// The exponential buckets of one sign as scrapers get them: their counts in a row, and spans that tell their keys.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "merge/native_sum.h"

namespace prom {

// Neighbouring buckets. The offset is the key of the first one, or the number of keys since the last span.
struct BucketSpan {
  int32_t offset;
  uint32_t length;
};

struct BucketSpans {
  std::vector<BucketSpan> spans;
  std::vector<double> counts;
};

// Gaps of up to `cheap_gap` empty buckets are cheaper than another span.
inline BucketSpans SpansOf(const std::vector<NativeSum::Bucket>& buckets, int32_t cheap_gap) {
  BucketSpans result;
  auto append = [&](double count) {
    result.spans.back().length++;
    result.counts.push_back(count);
  };
  int32_t next = 0;
  for (const NativeSum::Bucket& bucket : buckets) {
    int32_t gap = bucket.key - std::exchange(next, bucket.key + 1);
    if (result.spans.empty() || gap > cheap_gap) {
      result.spans.push_back({gap, 0});
    } else {
      for (; gap > 0; gap--) append(0);
    }
    append(bucket.count);
  }
  return result;
}

}  // namespace prom
