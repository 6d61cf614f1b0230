// record.cpp: see record.hpp.                             Spec: RFC 6698 §2.2; RFC 7672 §3.1.3.
#include "dane/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "dns/name.hpp"

namespace pb::dane {
namespace {
std::optional<std::uint8_t> octet(std::string_view digits) {
  if (digits.empty() || digits.size() > 3 || !std::ranges::all_of(digits, ascii::is_digit)) {
    return std::nullopt;
  }
  unsigned value = 0;
  for (char c : digits) value = value * 10 + static_cast<unsigned>(c - '0');
  if (value > 255) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

std::string_view take_word(std::string_view& rest) {
  rest = ascii::trim(rest);
  std::size_t const end = std::min(rest.find_first_of(" \t\r\n"), rest.size());
  std::string_view const word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}
}  // namespace

std::expected<dns::Tlsa, Error> parse_record(std::string_view text) {
  auto const usage = octet(take_word(text));
  auto const selector = octet(take_word(text));
  auto const matching = octet(take_word(text));
  if (!usage || !selector || !matching) {
    return std::unexpected{Error{"it does not begin with three numbers from 0 to 255"}};
  }
  std::string digits;
  for (char c : text) {
    if (!ascii::is_wsp(c) && c != '\r' && c != '\n') digits.push_back(c);
  }
  auto data = hex_decode(digits);
  if (!data || data->empty()) return std::unexpected{Error{"the data is not hexadecimal"}};
  return dns::Tlsa{*usage, *selector, *matching, std::move(*data)};
}

std::string text(dns::Tlsa const& record) {
  return fmt::format("{} {} {} {}", record.usage, record.selector, record.matching,
                     hex_encode(record.data));
}

bool is_usable(dns::Tlsa const& record) {
  if (record.usage != 2 && record.usage != 3) return false;
  if (record.selector > 1) return false;
  switch (record.matching) {
    case 0:
      return !record.data.empty();
    case 1:
      return record.data.size() == 32;
    case 2:
      return record.data.size() == 64;
  }
  return false;
}

std::string record_name(std::string_view host, unsigned port) {
  return fmt::format("_{}._tcp.{}", port, dns::normal_name(host));
}
}  // namespace pb::dane
