#include <string_view>
#include <vector>

#include "base/crc32c.h"
#include "render/render.h"

namespace prom {
namespace {

void Append(TextBuffer& out, const double* numbers, size_t count) {
  out.Append(std::string_view(reinterpret_cast<const char*>(numbers), count * sizeof(double)));
}

void Add(std::vector<double>& numbers, const std::vector<NativeSum::Bucket>& buckets) {
  numbers.push_back(static_cast<double>(buckets.size()));
  for (const NativeSum::Bucket& bucket : buckets)
    numbers.insert(numbers.end(), {static_cast<double>(bucket.key), bucket.count});
}

void Add(std::vector<double>& numbers, size_t position, const NativeSum& native) {
  numbers.insert(numbers.end(), {static_cast<double>(position), static_cast<double>(native.schema()),
                                 native.zero_threshold(), native.zero_count()});
  Add(numbers, native.positive());
  Add(numbers, native.negative());
}

}  // namespace

void RenderNumbers(const Merge& merge, const FamilyNames& names, double known_layout, TextBuffer& out) {
  std::vector<const MergedFamily*> families = merge.ShownFamilies(names);
  std::vector<std::vector<uint32_t>> shown;
  std::vector<double> natives;
  size_t series = 0;
  size_t values = 0;
  uint32_t checksum = 0;
  for (const MergedFamily* family : families) {
    const std::vector<uint32_t>& indexes = shown.emplace_back(merge.ShownSeries(*family));
    size_t family_index = static_cast<size_t>(family - merge.plan().families().data());
    checksum = Crc32c(&family_index, sizeof family_index, checksum);
    checksum = Crc32c(indexes.data(), indexes.size() * sizeof(uint32_t), checksum);
    values += indexes.size() * family->value_count;
    for (uint32_t index : indexes) {
      if (const NativeSum* native = merge.totals().native(index)) Add(natives, series, *native);
      series++;
    }
  }
  // The checksum takes 32 of the 53 bits that a double has for whole numbers.
  double layout = static_cast<double>(merge.version() % (1u << 20)) * 0x1p32 + checksum + 1;
  double head[] = {layout, static_cast<double>(values), static_cast<double>(natives.size())};
  out.Reserve(sizeof head + (values + natives.size()) * sizeof(double));
  Append(out, head, std::size(head));
  for (size_t i = 0; i < families.size(); i++) {
    for (uint32_t index : shown[i])
      Append(out, merge.totals().values(merge.plan().series()[index]), families[i]->value_count);
  }
  Append(out, natives.data(), natives.size());
  if (layout == known_layout) return;
  for (size_t i = 0; i < families.size(); i++) {
    AppendJsonFamily(out, families[i]->definition);
    for (uint32_t index : shown[i]) {
      AppendJsonLabels(out, merge.plan().identity(index));
      out.Append("},\n");
    }
  }
}

}  // namespace prom
