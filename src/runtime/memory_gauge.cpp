// memory_gauge.cpp: see memory_gauge.hpp.                       Spec: proc(5), /proc/pid/statm.
#include "runtime/memory_gauge.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

namespace pb::runtime {
namespace {
constexpr std::int64_t look_every = 20;  // milliseconds

/// The second number: resident pages.
std::uint64_t pages_in(std::string_view text) {
  std::size_t const blank = text.find(' ');
  if (blank == std::string_view::npos) return 0;
  std::uint64_t pages = 0;
  std::from_chars(text.data() + blank + 1, text.data() + text.size(), pages);
  return pages;
}
}  // namespace

MemoryGauge::MemoryGauge(std::uint64_t limit_octets)
    : enough_{limit_octets / 4 * 3}, file_{::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)} {}
MemoryGauge::MemoryGauge(std::uint64_t limit_octets, std::function<std::uint64_t()> resident)
    : enough_{limit_octets / 4 * 3}, resident_{std::move(resident)} {}

MemoryGauge::~MemoryGauge() {
  if (file_ >= 0) ::close(file_);
}

std::uint64_t MemoryGauge::resident() const {
  if (resident_) return resident_();
  std::array<char, 128> text{};
  ssize_t const got = file_ < 0 ? 0 : ::pread(file_, text.data(), text.size(), 0);
  if (got <= 0) return 0;
  return pages_in({text.data(), static_cast<std::size_t>(got)}) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

bool MemoryGauge::is_short(std::int64_t now) {
  std::int64_t due = look_at_.load(std::memory_order_relaxed);
  if (now >= due && look_at_.compare_exchange_strong(due, now + look_every))
    short_ = resident() > enough_;
  return short_;
}

bool MemoryGauge::is_short() {
  auto const now = std::chrono::steady_clock::now().time_since_epoch();
  return is_short(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}
}  // namespace pb::runtime
