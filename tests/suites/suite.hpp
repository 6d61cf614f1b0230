// suite.hpp: how a third-party suite is counted: present, passed, excused with the RFC's words.
// Spec: tests/suites/README.md.                         Not here: any case of any suite.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pb::suites {
/// The folder of suites: PB_SUITES, else ../shared/suites beside the sources; empty when absent.
std::filesystem::path root();
std::string read_file(std::filesystem::path const& path);

/// One suite's count. A case is excused only by name, with the text of the RFC that contradicts it;
/// an excused case that passes, or an excuse that no case uses, fails the suite.
class Count {
 public:
  /// `excused_percent_max`: more only for a small suite whose own data contradict each other.
  Count(std::string suite, std::map<std::string, std::string> excuses,
        std::size_t excused_percent_max = 2);
  void record(std::string const& name, bool passed, std::string const& detail);
  /// Prints the counts and every failure; true when the suite is passed: no failure, and no more
  /// excused than the share that was given.
  bool finish();

 private:
  std::string suite_;
  std::map<std::string, std::string> excuses_;
  std::size_t excused_percent_max_;
  std::size_t present_ = 0;
  std::size_t passed_ = 0;
  std::vector<std::string> excused_;
  std::vector<std::string> failures_;
};
}  // namespace pb::suites
