// Sums that do not depend on the order of their terms, for all values that metrics have.
//
// Plain addition in another order gives a smaller total in about one case in five, and Prometheus takes any decrease of a
// counter for a reset. The pair hi + lo keeps the rounding error (Knuth's TwoSum; TAOCP vol. 2, 4.2.2).
// Never compile this with -ffast-math.
#pragma once

#include <cmath>

namespace prom {

struct DoubleDouble {
  double hi = 0;
  double lo = 0;

  void Add(double x) {
    double sum = hi + x;
    if (!std::isfinite(sum)) {  // no error term exists
      hi = sum;
      lo = 0;
      return;
    }
    double part = sum - hi;
    double error = (hi - (sum - part)) + (x - part) + lo;
    hi = sum + error;
    lo = error - (hi - sum);
  }

  double Value() const { return hi; }
};

}  // namespace prom
