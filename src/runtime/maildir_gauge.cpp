// maildir_gauge.cpp: adds up files, and remembers the sums for a minute.
// Spec: maildir_gauge.hpp.                                     Tests: maildir_gauge_test.cpp
#include "runtime/maildir_gauge.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace pb::runtime {
namespace {
constexpr std::size_t accounts_max = 10'000;
namespace fs = std::filesystem;

std::uint64_t folder_octets(fs::path const& folder) {
  std::uint64_t octets = 0;
  std::error_code error;
  for (fs::directory_iterator at{folder, error}, end; !error && at != end; at.increment(error)) {
    std::error_code gone;  // its owner may remove it meanwhile
    std::uintmax_t const size = at->file_size(gone);
    if (!gone) octets += size;
  }
  return octets;
}
}  // namespace

std::uint64_t maildir_octets(std::string const& directory) {
  return folder_octets(fs::path{directory} / "new") + folder_octets(fs::path{directory} / "cur");
}

MaildirGauge::MaildirGauge(StoragePool& pool, Clock const& clock, Directories directories)
    : pool_{pool}, clock_{clock}, directories_{std::move(directories)}, sums_{accounts_max} {}

asio::awaitable<std::optional<std::uint64_t>> MaildirGauge::used_octets(std::string account,
                                                                        Duration) {
  Instant const now = clock_.now();
  {
    std::scoped_lock const guard{mutex_};
    Sum const* const known = sums_.find(account);
    bool const fresh =
        known != nullptr && known->known && now >= known->at && now - known->at < believed_for;
    if (fresh) co_return known->octets;
  }
  std::uint64_t octets = 0;
  bool const taken = co_await pool_.run([this, &account, &octets] {
    for (std::string const& directory : directories_(account)) octets += maildir_octets(directory);
  });
  if (!taken) co_return std::nullopt;
  std::scoped_lock const guard{mutex_};
  sums_.touch(account) = {now, octets, true};
  co_return octets;
}
}  // namespace pb::runtime
