// suite.cpp: see suite.hpp.                                       Spec: tests/suites/README.md.
#include "suite.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

namespace pb::suites {
std::filesystem::path root() {
  char const* const chosen = std::getenv("PB_SUITES");
  std::filesystem::path const path =
      chosen != nullptr ? std::filesystem::path{chosen}
                        : std::filesystem::path{PB_SOURCE_DIR} / ".." / "shared" / "suites";
  return std::filesystem::is_directory(path) ? path : std::filesystem::path{};
}

std::string read_file(std::filesystem::path const& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

Count::Count(std::string suite, std::map<std::string, std::string> excuses,
             std::size_t excused_percent_max)
    : suite_{std::move(suite)},
      excuses_{std::move(excuses)},
      excused_percent_max_{excused_percent_max} {}

void Count::record(std::string const& name, bool passed, std::string const& detail) {
  ++present_;
  auto const excuse = excuses_.find(name);
  if (excuse == excuses_.end()) {
    if (passed) {
      ++passed_;
    } else {
      failures_.push_back(fmt::format("{}: {}", name, detail));
    }
    return;
  }
  if (passed) failures_.push_back(name + ": passes, so its excuse must go");
  excused_.push_back(fmt::format("{}: {} [{}]", name, excuse->second, detail));
  excuses_.erase(excuse);
}

bool Count::finish() {
  for (auto const& [name, text] : excuses_)
    failures_.push_back(name + ": an excuse without a case");
  std::cout << fmt::format("SUITE {} present {} passed {} excused {} failed {}\n", suite_, present_,
                           passed_, excused_.size(), failures_.size());
  for (std::string const& line : excused_) std::cout << "  excused " << line << '\n';
  for (std::string const& line : failures_) std::cout << "  FAILED " << line << '\n';
  bool const few_excused = excused_.size() * 100 <= present_ * excused_percent_max_;
  if (!few_excused)
    std::cout << "  FAILED more than " << excused_percent_max_ << " % are excused\n";
  return present_ > 0 && failures_.empty() && few_excused;
}
}  // namespace pb::suites
