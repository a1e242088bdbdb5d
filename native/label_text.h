// Labels: of a series, as a key, and as the text formats print them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "layout.h"
#include "record.h"

namespace prom {

struct MergedLabel {
  std::string name;
  layout::LabelKind kind;
  std::string text;
};

std::vector<MergedLabel> LabelsOf(const SeriesRecord& series, const FamilyRecord& family);

// Says by the label `pid`, Python's word, which owner a series is of. A label of that name that the series has is lost.
void SetInstance(std::vector<MergedLabel>& labels, const std::string& instance);

// What identifies a series among its family: its labels in the order of their names. A label that is `undefined` is
// the same as none.
std::string LabelKey(const std::vector<MergedLabel>& own, const std::vector<MergedLabel>& defaults = {});

// Escapes backslash and line feed, as HELP lines want it.
void AppendEscaped(std::string& out, std::string_view text);

// The label of that name, or null.
const MergedLabel* FindLabel(const std::vector<MergedLabel>& labels, std::string_view name);

// Appends `name="value"`, joined by commas to each other and to what is there. As in prom-client, only values that were
// strings are escaped. Labels whose name is in `except` are left out.
void AppendLabels(std::string& out, const std::vector<MergedLabel>& labels,
                  const std::vector<MergedLabel>& except = {});

}  // namespace prom
