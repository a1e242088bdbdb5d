#include "exposition.h"

namespace prom::test {

std::string Shown(const std::string& text, const std::string& sample) {
  size_t at = text.find('\n' + sample + ' ');
  if (at == std::string::npos) return "absent";
  at += sample.size() + 2;
  return text.substr(at, text.find('\n', at) - at);
}

double Number(const std::string& text, const std::string& sample) {
  std::string shown = Shown(text, sample);
  return shown == "absent" ? -1 : std::stod(shown);
}

std::string Skipped(const std::string& text, const std::string& reason) {
  return Shown(text, "prom_client_mmap_skipped_files{reason=\"" + reason + "\"}");
}

}  // namespace prom::test
