// client_reply_fuzz.cpp: replies of other servers, at any cut.
// Spec: RFC 5321 §4.2; RFC 2034 §4.                     Not here: the session (client_session).
// Covers: src/smtp/client/reply_parser.cpp
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "smtp/client/reply_parser.hpp"

namespace {
using namespace pb::smtp::client;

/// Each line that a reply was read from begins with its code.
void check_lines(RemoteReply const& reply, std::string_view text) {
  while (!text.empty()) {
    PB_CHECK(text.starts_with(std::to_string(reply.code)));
    auto const end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const all{reinterpret_cast<char const*>(data), size};
  std::size_t const step = all.empty() ? 1 : 1 + data[0] % 16U;
  ReplyParser whole, in_pieces;
  std::string_view rest = all;
  std::string_view unread = all;
  for (;;) {
    std::string_view const before = rest;
    auto const reply = whole.take(rest);
    std::expected<std::optional<RemoteReply>, ReplyError> same = std::nullopt;
    while (same && !*same && !unread.empty()) {
      std::string_view piece = unread.substr(0, step);
      std::size_t const octets = piece.size();
      same = in_pieces.take(piece);
      unread.remove_prefix(octets - piece.size());
    }
    PB_CHECK(reply.has_value() == same.has_value());
    if (!reply) return 0;
    PB_CHECK(reply->has_value() == same->has_value());
    if (!*reply) return 0;
    RemoteReply const& one = **reply;
    PB_CHECK(one.code == (*same)->code && one.text == (*same)->text);
    PB_CHECK(one.code >= 200 && one.code < 600 && one.text.size() <= reply_text_octets_max);
    PB_CHECK(one.status.klass == 0 || one.status.klass == one.code / 100);
    PB_CHECK(one.display(64).size() <= 80);
    check_lines(one, before.substr(0, before.size() - rest.size()));
  }
}
