// guards.cpp: see guards.hpp.                  Spec: RFC 3463 §3.4 (X.3.1 system full).
#include "runtime/guards.hpp"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <string_view>
#include <utility>

namespace pb::runtime {
namespace {
constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
constexpr std::string_view cgroup_root = "/sys/fs/cgroup";

std::optional<std::uint64_t> number_in(std::string const& path) {
  std::ifstream file{path};
  std::string word;
  if (!(file >> word)) return std::nullopt;
  if (word == "max") return unlimited;
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

/// This process's cgroup, "/system.slice/packetboat.service"; of version 1 one a controller.
/// proc(5): lines "hierarchy:controllers:path", version 2 with no controllers.
std::string own_cgroup(std::string_view controller = "") {
  std::ifstream file{"/proc/self/cgroup"};
  std::string line;
  while (std::getline(file, line)) {
    std::size_t const first = line.find(':');
    std::size_t const second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    if (std::string_view{line}.substr(first + 1, second - first - 1) != controller) continue;
    return line.substr(second + 1);
  }
  return "/";
}

/// The smallest that a file of this name says in the cgroup or on its way up.
std::uint64_t smallest_above(std::string const& root, std::string group, std::string const& name) {
  std::uint64_t least = unlimited;
  for (;; group.erase(group.rfind('/'))) {
    if (auto const max = number_in(root + group + name)) least = std::min(least, *max);
    if (group.empty() || group.rfind('/') == std::string::npos) return least;
  }
}

/// What the process may allocate: it has no more than that either.
std::uint64_t own_limit() {
  rlimit limit{};
  bool const limited = ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  return limited ? limit.rlim_cur : unlimited;
}

std::uint64_t field_in(std::string const& path, std::string_view name) {
  std::ifstream file{path};
  std::string key;
  std::uint64_t value = 0;
  while (file >> key >> value) {
    if (key == name) return value;
  }
  return 0;
}

std::uint64_t machine_octets() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}
}  // namespace

std::string_view name(Pressure pressure) {
  switch (pressure) {
    case Pressure::none:
      return "none";
    case Pressure::disk_full:
      return "disk_full";
    case Pressure::inodes_gone:
      return "inodes_gone";
    case Pressure::memory_full:
      return "memory_full";
    case Pressure::queue_full:
      return "queue_full";
  }
  return "unknown";
}

std::optional<DiskSpace> disk_space(std::string const& path) {
  struct statvfs space{};
  if (statvfs(path.c_str(), &space) != 0) return std::nullopt;
  return DiskSpace{.octets_total = space.f_blocks * space.f_frsize,
                   .octets_free = space.f_bavail * space.f_frsize,
                   .inodes_total = space.f_files,
                   .inodes_free = space.f_favail};
}

std::uint64_t memory_limit_octets() {
  std::string const root{cgroup_root};
  std::uint64_t const second = smallest_above(root, own_cgroup(), "/memory.max");
  std::uint64_t const first =
      smallest_above(root + "/memory", own_cgroup("memory"), "/memory.limit_in_bytes");
  return std::min({machine_octets(), own_limit(), second, first});
}

std::uint64_t memory_used_octets() {
  std::string const group = std::string{cgroup_root} + own_cgroup();
  auto const current = number_in(group + "/memory.current");
  if (!current) return 0;
  std::uint64_t const cache = field_in(group + "/memory.stat", "inactive_file");
  return *current > cache ? *current - cache : 0;
}

Guards::Guards(GuardSettings settings, Clock const& clock,
               std::function<std::optional<DiskSpace>(std::string const&)> look)
    : settings_{std::move(settings)},
      clock_{clock},
      look_{std::move(look)},
      budget_{memory_limit_octets() /
              std::max<std::uint64_t>(settings_.memory_share_of_bodies, 1)} {}

Pressure Guards::look_at_disk() const {
  auto const space = look_(settings_.data_dir);
  if (!space) return Pressure::none;  // the store itself will say what is wrong
  auto const share = [&](std::uint64_t total) {
    return static_cast<std::uint64_t>(static_cast<double>(total) * settings_.free_share_min);
  };
  std::uint64_t const need = std::max(share(space->octets_total), settings_.free_octets_min);
  if (space->octets_free < need) return Pressure::disk_full;
  // Some file systems make inodes as they go and report none in all.
  bool const counted = space->inodes_total != 0;
  if (counted && space->inodes_free < share(space->inodes_total)) return Pressure::inodes_gone;
  return Pressure::none;
}

Pressure Guards::pressure(std::uint64_t messages_queued) {
  std::int64_t const now = clock_.now().time_since_epoch().count();
  std::int64_t last = looked_at_;
  if (now - last >= settings_.look_every.count() && looked_at_.compare_exchange_strong(last, now)) {
    disk_ = look_at_disk();
  }
  if (Pressure const disk = disk_; disk != Pressure::none) return disk;
  if (messages_queued >= settings_.queue_messages_max) return Pressure::queue_full;
  if (taken_ >= budget_) return Pressure::memory_full;
  return Pressure::none;
}

bool Guards::take_memory(std::uint64_t octets) {
  std::uint64_t const before = taken_.fetch_add(octets);
  if (before + octets <= budget_) return true;
  taken_ -= octets;
  return false;
}

void Guards::give_back_memory(std::uint64_t octets) { taken_ -= octets; }
}  // namespace pb::runtime
