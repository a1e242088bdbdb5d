#include "base/double_double.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace prom {
namespace {

double PlainSum(const std::vector<double>& terms) {
  double sum = 0;
  for (double term : terms) sum += term;
  return sum;
}

double PairSum(const std::vector<double>& terms) {
  DoubleDouble sum;
  for (double term : terms) sum.Add(term);
  return sum.Value();
}

// Seconds of some owners: many magnitudes, no two alike.
std::vector<double> Terms(std::mt19937_64& random) {
  std::vector<double> terms(2 + random() % 40);
  std::lognormal_distribution<double> seconds(0, 4);
  for (double& term : terms) term = seconds(random);
  return terms;
}

TEST_CASE("a sum is the same in every order of its terms") {
  std::mt19937_64 random(42);
  int plain_differences = 0;
  for (int i = 0; i < 20'000; i++) {
    std::vector<double> terms = Terms(random);
    double pair = PairSum(terms);
    double plain = PlainSum(terms);
    for (int order = 0; order < 5; order++) {
      std::shuffle(terms.begin(), terms.end(), random);
      if (PairSum(terms) != pair) CHECK_MESSAGE(false, "the order changed " << pair);
      plain_differences += PlainSum(terms) != plain;
    }
  }
  // Plain sums do depend on the order; otherwise this test could not fail.
  CHECK(plain_differences > 10'000);
}

TEST_CASE("a sum never decreases when one of its terms grows, in any order of its terms") {
  std::mt19937_64 random(43);
  int plain_dips = 0;
  for (int i = 0; i < 20'000; i++) {
    std::vector<double> terms = Terms(random);
    double pair = PairSum(terms);
    double plain = PlainSum(terms);
    terms[random() % terms.size()] *= 1 + 0x1p-52;
    std::shuffle(terms.begin(), terms.end(), random);
    if (PairSum(terms) < pair) CHECK_MESSAGE(false, "the sum went back from " << pair);
    plain_dips += PlainSum(terms) < plain;
  }
  CHECK(plain_dips > 1'000);
}

TEST_CASE("a sum keeps the digits that plain addition loses") {
  DoubleDouble sum;
  sum.Add(1e16);
  for (int i = 0; i < 10; i++) sum.Add(0.1);  // each alone is less than half an ulp of the sum
  sum.Add(-1e16);
  CHECK(PlainSum({1e16, 0.1, 0.1, -1e16}) == 0);
  CHECK(sum.Value() == doctest::Approx(1).epsilon(1e-12));
}

TEST_CASE("infinities and NaN pass through a sum") {
  CHECK(PairSum({1, INFINITY, 2}) == INFINITY);
  CHECK(PairSum({1, -INFINITY, 2}) == -INFINITY);
  CHECK(std::isnan(PairSum({INFINITY, 1, -INFINITY})));
  CHECK(std::isnan(PairSum({1, NAN, 2})));
  CHECK(PairSum({1e308, 1e308}) == INFINITY);
}

TEST_CASE("a sum of no terms is zero") {
  CHECK(PairSum({}) == 0);
  CHECK(PairSum({-0.0}) == 0);
}

}  // namespace
}  // namespace prom
