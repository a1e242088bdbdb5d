// Expositions of merged families: the text formats, Protobuf, and JSON for JavaScript.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text_buffer.h"
#include "files/directory.h"
#include "merge/merge.h"
#include "platform/storage.h"

namespace prom {

// kTrouble: only metrics of trouble, and only when there is some; otherwise an exposition is prom-client's to the byte.
enum class SelfMetricsShown { kNone, kTrouble, kAll };

// The observations of a scrape. Counts are since the session began.
struct GroupStats {
  SelfMetricsShown shown = SelfMetricsShown::kTrouble;
  uint64_t live = 0;
  uint64_t dead = 0;       // and not compacted yet
  uint64_t processes = 0;  // with living owners
  uint64_t compacted = 0;
  uint64_t without_room = 0;  // living owners of which some series count in their process only
  uint64_t late = 0;          // owners that had not collected by the deadline
  uint64_t collect_failures = 0;
  uint64_t compaction_failures = 0;
  uint64_t dropped_series = 0;
  uint64_t dropped_updates = 0;
  uint64_t conflicts = 0;  // families that were left out
  uint64_t skipped_records = 0;
  uint64_t bytes = 0;              // of the files that were read
  bool shared = false;             // the group has a directory that can be read
  std::optional<Storage> storage;  // of that directory; only for kAll
  std::map<SkipReason, uint32_t> skipped;
  std::vector<std::pair<std::string_view, double>> phases;  // in seconds, without rendering
  uint64_t render_from_ns = 0;
};

// A self-metric. Its name is that of its samples, of which each has one label, or none where the name of that is ''.
struct SelfFamily {
  struct Sample {
    std::string_view label;
    std::string_view text;
    double value;
  };
  std::string name;
  layout::MetricType type;
  std::string_view help;
  std::vector<Sample> samples;
};

// The families that `stats.shown` chooses and that have one of the names.
std::vector<SelfFamily> SelfMetrics(const GroupStats& stats, const FamilyNames& names);

enum class Format {
  kText,  // 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/), prom-client's to the byte
  kClientOpenMetrics,   // OpenMetrics as prom-client writes it, to the byte
  kOpenMetrics,         // OpenMetrics 1.0 as its specification has it
  kOpenMetricsCreated,  // the same with the start times of counters, histograms and summaries
  kOpenMetrics2,        // OpenMetrics 2.0-rc
  kProtobuf,            // io.prometheus.client.MetricFamily, delimited
  kJson,
};

// Appends the exposition of the families of these names. Self-metrics are no part of JSON, which has all names as they are. Of
// families whose escaped names are the same, the first is shown.
void Render(const Merge& merge, Format format, Escaping escaping, const FamilyNames& names,
            const GroupStats& stats, TextBuffer& out);

// For the text formats. Without `stats` there are no self-metrics.
void RenderText(const Merge& merge, Format format, Escaping escaping, const FamilyNames& names,
                const GroupStats* stats, TextBuffer& out);

// Appends messages, each after its length.
void RenderProtobuf(const Merge& merge, Escaping escaping, const FamilyNames& names, const GroupStats& stats,
                    TextBuffer& out);

// A value of several numbers for each histogram and summary, exponential buckets, and start times.
void RenderOpenMetrics2(const Merge& merge, Escaping escaping, const FamilyNames& names,
                        const GroupStats& stats, TextBuffer& out);

// Appends a text in quotation marks, as JSON has it.
void AppendJson(TextBuffer& out, std::string_view text);

// Appends JSON in lines, so that a reader can stop after any of them: one for each family, and one for each of its series after it.
// A label is [name, kind, text], and a number that JSON cannot express is a string. Each line ends with a comma and a line feed.
//
//   {"name","help","type","unit"?,"mode","bounds":[..]},
//   {"labels":[..],"defaults":[..],"values":[..],"created"?:ms,
//    "native"?:{"schema","zeroThreshold","zeroCount","positive":[[key,count],..],"negative":[..]},
//    "exemplars"?:[{"bucket","value","time","labels":[..]}]},
void RenderJson(const Merge& merge, const FamilyNames& names, TextBuffer& out);

// The first line of a family, and the beginning of that of a series: its labels, without the brace at the end.
void AppendJsonFamily(TextBuffer& out, const FamilyRecord& definition);
void AppendJsonLabels(TextBuffer& out, const MergedIdentity& series);

// Appends numbers of 8 bytes, in the byte order of the machine, for a reader that compares them with those of the scrape before:
//
//   layout, how many values, how many numbers of native histograms,
//   the values of all series, as JSON has them,
//   of each native histogram: the position of its series among all, schema, zero threshold, zero count,
//     how many positive buckets, (key, count) of each, how many negative ones, (key, count) of each
//
// The layout is the same as long as these are numbers of the same series in the same order. Unless it is the known one, lines
// as those of JSON come after the numbers, of which those of series have labels and defaults only.
void RenderNumbers(const Merge& merge, const FamilyNames& names, double known_layout, TextBuffer& out);

}  // namespace prom
