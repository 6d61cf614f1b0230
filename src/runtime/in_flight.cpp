// in_flight.cpp: see in_flight.hpp. A shared mapping: two stores a message, no system call.
// Spec: none beyond the header's.
#include "runtime/in_flight.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace pb::runtime {
InFlight::~InFlight() {
  if (map_ != nullptr) munmap(map_, slots * sizeof(std::uint64_t));
}

std::vector<QueueId> InFlight::open(std::string const& path) {
  int const file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return {};
  std::size_t const octets = slots * sizeof(std::uint64_t);
  void* map = MAP_FAILED;
  if (ftruncate(file, static_cast<off_t>(octets)) == 0) {
    map = mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  ::close(file);
  if (map == MAP_FAILED) return {};
  std::scoped_lock const guard{lock_};
  map_ = static_cast<std::uint64_t*>(map);
  std::vector<QueueId> found;
  for (std::size_t i = 0; i < slots; ++i) {
    if (map_[i] != 0) found.emplace_back(map_[i]);
    map_[i] = 0;
    free_.push_back(static_cast<std::uint16_t>(slots - 1 - i));
  }
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

void InFlight::began(queue::LeaseId lease, QueueId id) {
  std::scoped_lock const guard{lock_};
  if (map_ == nullptr || free_.empty()) return;
  auto const [at, added] = by_lease_.try_emplace(lease.value, free_.back());
  if (!added) return;
  free_.pop_back();
  map_[at->second] = id.value();
}

void InFlight::ended(queue::LeaseId lease) {
  std::scoped_lock const guard{lock_};
  auto const node = by_lease_.extract(lease.value);
  if (node.empty()) return;
  map_[node.mapped()] = 0;
  free_.push_back(node.mapped());
}

void InFlight::close_cleanly() {
  std::scoped_lock const guard{lock_};
  if (map_ == nullptr) return;
  std::fill_n(map_, slots, 0);
  munmap(map_, slots * sizeof(std::uint64_t));
  map_ = nullptr;
}
}  // namespace pb::runtime
