// Labels as a key and as the text of an exposition.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/name_escaping.h"
#include "format/record.h"

namespace prom {

std::vector<Label> LabelsOf(const SeriesRecord& series, const FamilyRecord& family);

// Makes the identities of series in their families, each in the memory of the last one.
class LabelKeys {
 public:
  // The labels in the order of their names, with default labels where the series has none of that name. A label that is `undefined`
  // is the same as none. The view is valid until the next call.
  std::string_view Of(const std::vector<LabelRef>& own, const std::vector<LabelRef>& defaults);

 private:
  std::vector<LabelRef> labels_;
  std::string key_;
};

// Escapes backslash and line feed, and with `quotes` the quotation mark.
void AppendEscaped(std::string& out, std::string_view text, bool quotes);

// Appends `name="value"` for each label whose name is not in `except`, with a comma between two and after the text in `out`. As
// in prom-client, only values that were strings are escaped. Returns whether there is a name that not all readers accept.
bool AppendLabels(std::string& out, const std::vector<Label>& labels, const std::vector<Label>& except = {},
                  Escaping escaping = Escaping::kUnderscores);

// Appends the name of a label. With kUtf8, one that not all readers accept is in quotation marks. Returns whether it is such a one.
bool AppendLabelName(std::string& out, std::string_view name, Escaping escaping);

}  // namespace prom
