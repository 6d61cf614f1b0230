// name.cpp: see name.hpp.                          Spec: RFC 1035 §2.3.4, §3.5; RFC 3596 §2.5.
#include "dns/name.hpp"

#include <fmt/format.h>

#include "base/ascii.hpp"

namespace pb::dns {
std::string normal_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return ascii::to_lower(name);
}

bool valid_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  for (;;) {
    std::size_t const dot = name.find('.');
    std::size_t const length = dot == std::string_view::npos ? name.size() : dot;
    if (length == 0 || length > 63) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

std::string reverse_name(IpAddress const& address) {
  auto const& bytes = address.bytes();
  if (address.is_v4()) {
    return fmt::format("{}.{}.{}.{}.in-addr.arpa", bytes[15], bytes[14], bytes[13], bytes[12]);
  }
  std::string out;
  out.reserve(72);
  for (std::size_t i = bytes.size(); i-- > 0;) {
    fmt::format_to(std::back_inserter(out), "{:x}.{:x}.", bytes[i] & 0xF, bytes[i] >> 4);
  }
  return out + "ip6.arpa";
}

bool is_or_below(std::string_view name, std::string_view domain) {
  if (name.size() == domain.size()) return ascii::iequals(name, domain);
  if (name.size() < domain.size() + 1) return false;
  std::string_view const tail = name.substr(name.size() - domain.size());
  return ascii::iequals(tail, domain) && name[name.size() - domain.size() - 1] == '.';
}
}  // namespace pb::dns
