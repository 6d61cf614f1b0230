// summary.hpp: what is shown of a captured message in a list.            Tests: inbox_test.cpp
// Spec: RFC 5322 §3.6 (From, Subject); encoded words RFC 2047.
// Not here: the body (reading.hpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "inbox/captured.hpp"

namespace pb::inbox {
/// Texts are decoded and still a peer's: escape them before a terminal sees them.
struct Summary {
  QueueId id;
  Instant received_at;
  std::string reverse_path;     // "" is <>
  std::vector<std::string> to;  // forward-paths that were captured
  std::string from;             // the From field
  std::string subject;
  std::string role;
  std::string listener;
  std::string client;
  std::string account;
  std::string tls;
  std::uint64_t octets = 0;
};
/// `message`: its beginning, at least the header section.
Summary summarise(Captured const& captured, std::string_view message);

/// Encoded words in UTF-8, US-ASCII and ISO-8859-1 decoded, others left as they are; folds opened.
std::string decode_words(std::string_view value);
}  // namespace pb::inbox
