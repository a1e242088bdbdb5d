#include "merge/sketch.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <vector>

#include "support/test_segment.h"

namespace prom {
namespace {

double Bound(int schema) {
  double growth = std::exp2(std::ldexp(1.0, -schema));
  return (growth - 1) / (growth + 1);
}

void AddBucket(Sketch& sketch, int schema, int32_t key, int sign, double count) {
  Sketch::Counts counts{};
  counts[static_cast<size_t>(key & 31)] = count;
  sketch.AddPage({0, static_cast<int8_t>(schema), static_cast<int8_t>(sign), key >> 5}, counts.data());
}

// Adds the values as one owner's pages of one slot hold them.
void Feed(Sketch& sketch, const std::vector<double>& values, int schema) {
  if (values.empty()) return;
  std::map<std::pair<int, int32_t>, double> buckets;
  double zero = 0;
  for (double value : values) {
    if (value == 0) {
      zero++;
    } else {
      buckets[{value > 0 ? 1 : -1, test::BucketKey(std::fabs(value), schema)}]++;
    }
  }
  auto [min, max] = std::minmax_element(values.begin(), values.end());
  sketch.AddSlot({1, static_cast<double>(values.size()), zero, *min, *max}, 1);
  for (auto [place, count] : buckets) AddBucket(sketch, schema, place.second, place.first, count);
}

double Exact(const std::vector<double>& sorted, double q) {
  double rank = std::max(1.0, std::ceil(q * static_cast<double>(sorted.size())));
  return sorted[std::min(static_cast<size_t>(rank), sorted.size()) - 1];
}

// The greatest relative error over a thousand quantiles.
double WorstError(const Sketch& sketch, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  double worst = 0;
  for (int i = 0; i <= 1000; i++) {
    double exact = Exact(values, i / 1000.0);
    double error = std::fabs(sketch.Quantile(i / 1000.0) - exact);
    worst = std::max(worst, exact == 0 ? error : error / std::fabs(exact));
  }
  return worst;
}

std::vector<double> Draw(size_t count, const std::function<double()>& draw) {
  std::vector<double> values(count);
  std::generate(values.begin(), values.end(), draw);
  return values;
}

TEST_CASE("any quantile of any distribution is off by at most the bound") {
  std::mt19937_64 random(5);
  std::lognormal_distribution<double> lognormal(-4, 1.5);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::exponential_distribution<double> exponential(3);
  std::normal_distribution<double> fast(0.01, 0.001);
  std::normal_distribution<double> slow(5, 0.2);
  const std::vector<std::vector<double>> distributions = {
      Draw(20'000, [&] { return lognormal(random); }),
      Draw(20'000, [&] { return 1 / (1 - uniform(random)); }),  // Pareto
      Draw(20'000, [&] { return uniform(random) * 1000; }),
      Draw(20'000, [&] { return random() % 10 ? fast(random) : slow(random); }),
      Draw(20'000, [&] { return exponential(random); }),
      Draw(20'000, [&] { return static_cast<double>(1 + random() % 300); }),
      Draw(20'000, [&] { return std::ldexp(1 + uniform(random), static_cast<int>(random() % 2000) - 1000); }),
  };
  for (int schema : {-2, 0, 5, 8}) {
    for (const std::vector<double>& values : distributions) {
      Sketch sketch;
      Feed(sketch, values, schema);
      sketch.Finish();
      // The powers of two in an estimate and in a key are rounded themselves.
      CHECK(WorstError(sketch, values) <= Bound(schema) + 1e-9);
    }
  }
  CHECK(Bound(5) == doctest::Approx(0.01083).epsilon(1e-3));
}

TEST_CASE("the bound is reached, so a looser estimate would be seen") {
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> uniform(0, 100);
  std::vector<double> values = Draw(20'000, [&] { return uniform(random); });
  Sketch sketch;
  Feed(sketch, values, 5);
  sketch.Finish();
  CHECK(WorstError(sketch, values) > Bound(5) * 0.95);
}

TEST_CASE("negative values and zeros have their places in the order") {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal(0, 10);
  std::vector<double> values = Draw(10'000, [&] { return random() % 5 ? normal(random) : 0; });
  Sketch sketch;
  Feed(sketch, values, 5);
  sketch.Finish();
  CHECK(WorstError(sketch, values) <= Bound(5) + 1e-9);
  CHECK(sketch.Quantile(0.5) == 0);
}

TEST_CASE("the smallest and the greatest value are exact") {
  Sketch sketch;
  Feed(sketch, {0.123456789, 3, 3.3, 777.777}, 5);
  sketch.Finish();
  CHECK(sketch.Quantile(0) == 0.123456789);
  CHECK(sketch.Quantile(0.25) == 0.123456789);
  CHECK(sketch.Quantile(1) == 777.777);
}

TEST_CASE("a quantile of one value is that value, and of no values zero") {
  Sketch one;
  Feed(one, {0.7}, 5);
  one.Finish();
  Sketch none;
  none.Finish();
  Sketch emptied;
  emptied.AddSlot({1, 0, 0, 5, 6}, 1);
  emptied.Finish();
  for (double q : {0.0, 0.5, 0.99, 1.0}) {
    CHECK(one.Quantile(q) == 0.7);
    CHECK(none.Quantile(q) == 0);
    CHECK(emptied.Quantile(q) == 0);
  }
}

TEST_CASE("a merge of owners is the same as one owner with all values, in any order of the owners") {
  std::mt19937_64 random(8);
  std::lognormal_distribution<double> lognormal(0, 2);
  std::vector<std::vector<double>> owners(5);
  std::vector<double> everything;
  for (size_t i = 0; i < owners.size(); i++) {
    owners[i] = Draw(100 + i * 700,
                     [&] { return (random() % 7 ? 1 : -1) * lognormal(random) * static_cast<double>(i); });
    everything.insert(everything.end(), owners[i].begin(), owners[i].end());
  }
  Sketch whole;
  Feed(whole, everything, 5);
  whole.Finish();
  for (int order = 0; order < 5; order++) {
    std::shuffle(owners.begin(), owners.end(), random);
    Sketch merged;
    for (const std::vector<double>& values : owners) Feed(merged, values, 5);
    merged.Finish();
    for (int i = 0; i <= 1000; i++) CHECK(merged.Quantile(i / 1000.0) == whole.Quantile(i / 1000.0));
  }
}

TEST_CASE("owners of different schemas merge within the bound of the coarsest") {
  std::mt19937_64 random(9);
  std::lognormal_distribution<double> lognormal(0, 3);
  std::vector<double> everything;
  Sketch merged;
  for (int schema : {8, 5, 3}) {
    std::vector<double> values = Draw(4'000, [&] { return (random() % 4 ? 1 : -1) * lognormal(random); });
    everything.insert(everything.end(), values.begin(), values.end());
    Feed(merged, values, schema);
  }
  merged.Finish();
  CHECK(WorstError(merged, everything) <= Bound(3) + 1e-9);
}

TEST_CASE("collapsing to a lower schema gives the buckets that this schema would have had") {
  std::mt19937_64 random(10);
  std::lognormal_distribution<double> lognormal(0, 5);
  std::vector<double> values = Draw(5'000, [&] { return lognormal(random); });
  for (int schema : {7, 4, 0, -4}) {
    Sketch collapsed;
    Feed(collapsed, values, 8);
    AddBucket(collapsed, schema, 0, 1, 1e-9);  // next to nothing, but it sets the schema
    collapsed.Finish();
    Sketch direct;
    Feed(direct, values, schema);
    AddBucket(direct, schema, 0, 1, 1e-9);
    direct.Finish();
    for (int i = 0; i <= 1000; i++) CHECK(collapsed.Quantile(i / 1000.0) == direct.Quantile(i / 1000.0));
  }
}

TEST_CASE("an estimate stays between the smallest and the greatest value") {
  Sketch sketch;
  Feed(sketch, {1.0001, 1.0002, 1.0003}, 0);
  sketch.Finish();
  CHECK(sketch.Quantile(0.5) >= 1.0001);
  CHECK(sketch.Quantile(0.5) <= 1.0003);
}

TEST_CASE("impossible counts and bounds do no harm") {
  Sketch sketch;
  sketch.AddSlot({1, NAN, 1, 1, 1}, 1);
  sketch.AddSlot({1, -1, 1, 1, 1}, 1);
  sketch.AddSlot({1, INFINITY, NAN, NAN, -INFINITY}, 1);
  AddBucket(sketch, 8, INT32_C(1) << 25, 1, INFINITY);
  AddBucket(sketch, -4, -(INT32_C(1) << 25), -1, NAN);
  AddBucket(sketch, -4, INT32_C(1) << 25, -1, 5);
  sketch.Finish();
  for (double q : {0.0, 0.5, 1.0, static_cast<double>(NAN), static_cast<double>(INFINITY), -1.0})
    sketch.Quantile(q);
}

}  // namespace
}  // namespace prom
