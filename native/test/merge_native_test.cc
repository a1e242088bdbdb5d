// Native histograms of several owners.
#include "support/files.h"
#include "support/merging.h"

namespace prom {
namespace {

struct NativeOwner {
  Owner& owner;
  TestSeries series;
  double* header;
};

NativeOwner AddNative(Owner& owner, int8_t schema, double zero_threshold = 0) {
  TestSeries series = owner.segment.Series(owner.segment.Family(HistogramFamily("h", {})));
  double* header = owner.segment.Native(series, schema, zero_threshold);
  return {owner, series, header};
}

NativeOwner AddNative(Owners& owners, int8_t schema, double zero_threshold = 0, bool live = true) {
  return AddNative(owners.Add(live), schema, zero_threshold);
}

// Counts in a bucket of a new page, and in the cells of the histogram.
void Count(NativeOwner& to, int32_t key, double count, int8_t sign = 1, uint32_t generation = 0) {
  auto schema = static_cast<int8_t>(to.header[layout::kNativeSchema]);
  int32_t number = key >> 5;
  to.owner.segment.Page(to.series, layout::kNativeSlot, sign, generation, number, schema)[key & 31] += count;
  to.series.cells[1] += count;
  to.series.cells[2] += count;
}

std::string MergedNative(Owners& owners) {
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  std::string json = Json(merge);
  size_t start = json.find("\"native\":");
  return start == std::string::npos ? "none" : json.substr(start + 9, json.find('}', start) - start - 8);
}

std::string Expected(int schema, const std::string& threshold, int zeros, const std::string& positive,
                     const std::string& negative = "[]") {
  return "{\"schema\":" + std::to_string(schema) + ",\"zeroThreshold\":" + threshold +
         ",\"zeroCount\":" + std::to_string(zeros) + ",\"positive\":" + positive +
         ",\"negative\":" + negative + "}";
}

TEST_CASE("native histograms of one schema add up, bucket by bucket and sign by sign") {
  Owners owners;
  NativeOwner one = AddNative(owners, 3);
  Count(one, 31, 2);
  Count(one, 32, 1);
  Count(one, -1, 4, -1);
  one.header[layout::kNativeZero] = 1;
  NativeOwner other = AddNative(owners, 3, 0, false);
  Count(other, 32, 5);
  CHECK(MergedNative(owners) == Expected(3, "0", 1, "[[31,2],[32,6]]", "[[-1,4]]"));
}

TEST_CASE("the lowest schema counts, also of an owner without observations") {
  Owners owners;
  NativeOwner fine = AddNative(owners, 3);
  for (int32_t key : {-3, -2, 1, 2, 3}) Count(fine, key, 1);
  AddNative(owners, 2);
  CHECK(MergedNative(owners) == Expected(2, "0", 0, "[[-1,2],[1,2],[2,1]]"));
  NativeOwner coarse = AddNative(owners, -4);
  Count(coarse, 1, 1);
  CHECK(MergedNative(owners) == Expected(-4, "0", 0, "[[0,2],[1,4]]"));
}

TEST_CASE("pages of another generation do not count") {
  Owners owners;
  NativeOwner owner = AddNative(owners, 3);
  Count(owner, 1, 7);
  owner.owner.segment.Page(owner.series, layout::kNativeSlot, 1, 1, 0, 2)[1] = 7;
  CHECK(MergedNative(owners) == Expected(3, "0", 0, "[[1,7]]"));
  owner.header[layout::kNativeSchema] = 2;
  owner.header[layout::kNativeGeneration] = 1;
  CHECK(MergedNative(owners) == Expected(2, "0", 0, "[[1,7]]"));
}

TEST_CASE("the widest zero bucket takes the buckets in it, and the one that it cuts") {
  Owners owners;
  NativeOwner narrow = AddNative(owners, 0, 0.25);
  for (int32_t key : {-1, 0, 1, 2, 3}) Count(narrow, key, 1);
  Count(narrow, 0, 1, -1);
  NativeOwner wide = AddNative(owners, 0, 1.5);
  wide.header[layout::kNativeZero] = 10;
  wide.series.cells[1] = wide.series.cells[2] = 10;
  // Bucket 1 is (1, 2].
  CHECK(MergedNative(owners) == Expected(0, "2", 14, "[[2,1],[3,1]]"));
}

TEST_CASE("impossible cells of a header are no numbers of a sum") {
  Owners owners;
  NativeOwner owner = AddNative(owners, 3);
  Count(owner, 1, 1);
  owner.header[layout::kNativeZero] = -5;
  NativeOwner odd = AddNative(owners, 3);
  odd.header[layout::kNativeSchema] = NAN;
  odd.header[layout::kNativeZero] = NAN;
  CHECK(MergedNative(owners) == Expected(3, "0", 0, "[[1,1]]"));
}

TEST_CASE("a histogram in another mode than the sum has no native one") {
  Owners owners;
  Owner& owner = owners.Add();
  TestSeries series =
      owner.segment.Series(owner.segment.Family(HistogramFamily("h", {}, {}, MergeMode::kMax)));
  owner.segment.Native(series, 3);
  CHECK(MergedNative(owners) == "none");
}

TEST_CASE("a rewrite keeps native histograms, and without the counts their schema") {
  for (bool keeps_counts : {true, false}) {
    test::TemporaryDirectory directory;
    Owners owners;
    Owner& in_file = owners.Add();
    in_file.segment = TestSegment::InFile(directory.path());
    NativeOwner owner = AddNative(in_file, 3);
    Count(owner, 100, 2);
    Count(owner, -40, 1, -1);
    owner.header[layout::kNativeZero] = 3;
    owner.owner.segment.Rewrite(keeps_counts);
    CHECK(MergedNative(owners) ==
          (keeps_counts ? Expected(3, "0", 3, "[[100,2]]", "[[-40,1]]") : Expected(3, "0", 0, "[]")));
  }
}

}  // namespace
}  // namespace prom
