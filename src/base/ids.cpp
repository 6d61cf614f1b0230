// ids.cpp: see ids.hpp.                                      Spec: ARCHITECTURE.md decision 9.
#include "base/ids.hpp"

#include <algorithm>

namespace pb {
namespace {
constexpr std::string_view crockford = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr unsigned random_bits = 22;
constexpr std::size_t text_length = 13;
}  // namespace

QueueId QueueId::make(Instant now, Random& random) {
  auto const millis = static_cast<std::uint64_t>(now.time_since_epoch().count());
  return QueueId{(millis << random_bits) | (random.next() & ((1U << random_bits) - 1))};
}

QueueId QueueIds::next(Instant now, Random& random) {
  std::uint64_t const wanted = QueueId::make(now, random).value();
  std::uint64_t last = last_;
  std::uint64_t value = 0;
  do value = std::max(wanted, last + 1);
  while (!last_.compare_exchange_weak(last, value));
  return QueueId{value};
}

void QueueIds::pass(QueueId id) {
  std::uint64_t last = last_;
  while (last < id.value() && !last_.compare_exchange_weak(last, id.value())) {
  }
}

std::optional<QueueId> QueueId::parse(std::string_view text) {
  if (text.size() != text_length) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < text_length; ++i) {
    auto const digit = crockford.find(text[i]);
    if (digit == std::string_view::npos || (i == 0 && digit > 15)) return std::nullopt;
    value = (value << 5) | digit;
  }
  return QueueId{value};
}

std::string QueueId::text() const {
  std::string out(text_length, '0');
  std::uint64_t rest = value_;
  for (std::size_t i = text_length; i-- > 0;) {
    out[i] = crockford[rest & 31];
    rest >>= 5;
  }
  return out;
}

Instant QueueId::made_at() const {
  return Instant{Duration{static_cast<Duration::rep>(value_ >> random_bits)}};
}

std::string SessionId::text() const {
  std::string out;
  std::uint64_t rest = value;
  do {
    out.insert(out.begin(), crockford[rest & 31]);
    rest >>= 5;
  } while (rest != 0);
  return out;
}
}  // namespace pb
