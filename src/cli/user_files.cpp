// user_files.cpp: see user_files.hpp.
// Spec: XDG Base Directory Specification 0.8; rename(2) replaces at once.
// Tests: tests/end_to_end/send_test.py
#include "cli/user_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace pb::cli {
namespace {
constexpr std::uintmax_t file_octets_max = 1 << 20;

std::string folder_of(char const* variable, std::string_view below_home) {
  char const* given = std::getenv(variable);
  if (given != nullptr && *given == '/') return std::string{given} + "/packetboat";
  char const* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return {};
  return fmt::format("{}/{}/packetboat", home, below_home);
}

std::unexpected<std::string> failed(std::string const& path) {
  return std::unexpected{fmt::format("{}: {}", path, std::strerror(errno))};
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    ssize_t const put = ::write(descriptor, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return ::fsync(descriptor) == 0;
}
}  // namespace

std::string config_folder() { return folder_of("XDG_CONFIG_HOME", ".config"); }
std::string state_folder() { return folder_of("XDG_STATE_HOME", ".local/state"); }

std::expected<boost::json::value, std::string> read_json_file(std::string const& path) {
  std::error_code failure;
  auto const octets = std::filesystem::file_size(path, failure);
  if (failure) return boost::json::value{};
  if (octets > file_octets_max) return std::unexpected{path + ": too large"};
  std::ifstream file{path, std::ios::binary};
  std::string const text{std::istreambuf_iterator<char>{file}, {}};
  boost::json::error_code bad;
  auto value = boost::json::parse(text, bad);
  if (bad) return std::unexpected{path + ": this is not JSON"};
  return value;
}

std::expected<void, std::string> write_private_file(std::string const& path,
                                                    std::string_view text) {
  std::filesystem::path const folder = std::filesystem::path{path}.parent_path();
  std::error_code failure;
  bool const fresh = std::filesystem::create_directories(folder, failure);
  if (failure) return std::unexpected{folder.string() + ": " + failure.message()};
  if (fresh) ::chmod(folder.c_str(), S_IRWXU);
  std::string const draft = fmt::format("{}.{}.new", path, ::getpid());
  int const descriptor =
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return failed(draft);
  bool const written = write_all(descriptor, text);
  ::close(descriptor);
  if (!written || ::rename(draft.c_str(), path.c_str()) != 0) {
    auto error = failed(path);
    ::unlink(draft.c_str());
    return error;
  }
  return {};
}
}  // namespace pb::cli
