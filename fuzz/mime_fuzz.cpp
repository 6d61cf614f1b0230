// mime_fuzz.cpp: the structure of a message, its encodings, and the way to seven bits.
// Spec: RFC 2045, RFC 2046 §5.1.1; RFC 6152 §3.        Not here: header sections.
// Covers: src/mail/mime.cpp src/mail/transfer_encoding.cpp
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "mail/mime.hpp"
#include "mail/transfer_encoding.hpp"

namespace {
using pb::mail::MimePart;

bool is_within(std::string_view inner, std::string_view outer) {
  return inner.empty() || (inner.data() >= outer.data() &&
                           inner.data() + inner.size() <= outer.data() + outer.size());
}

std::size_t check_part(MimePart const& part, std::string_view outer, std::size_t depth) {
  PB_CHECK(depth <= pb::mail::mime_depth_max + 1);
  PB_CHECK(is_within(part.header, outer) && is_within(part.body, outer));
  std::size_t parts = 1;
  char const* end = part.body.data();
  for (MimePart const& one : part.parts) {
    std::string_view const first = one.header.empty() ? one.body : one.header;
    PB_CHECK(first.empty() || first.data() >= end);  // behind the one before
    if (!first.empty()) end = std::max(end, first.data() + first.size());
    if (!one.body.empty()) end = one.body.data() + one.body.size();
    parts += check_part(one, part.body, depth + 1);
  }
  return parts;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb::mail;
  std::string_view const message{reinterpret_cast<char const*>(data), size};
  MimePart const top = parse_mime(message);
  PB_CHECK(check_part(top, message, 0) <= mime_parts_max);
  auto const is_high = [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; };
  if (auto const seven = to_seven_bit(message)) PB_CHECK(std::ranges::none_of(*seven, is_high));
  std::string const encoded = quoted_printable_encode(message);
  PB_CHECK(std::ranges::none_of(encoded, is_high));
  static_cast<void>(quoted_printable_decode(message));
  static_cast<void>(parse_content_type(message));
  return 0;
}
