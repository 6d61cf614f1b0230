// dsn.hpp: a report about recipients of one message: for a person, for machines, and what it was.
// Spec: RFC 3461 §6, RFC 3462/6522 (multipart/report), RFC 3464, RFC 6533 (UTF-8 addresses),
// RFC 3834 §5 (Auto-Submitted).            Tests: dsn_test.cpp, golden files in tests/reports
// Not here: whether there is to be one (queue::report_wanted), sending it (runtime/report_maker).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "queue/event.hpp"
#include "text/language.hpp"

namespace pb::report {
inline constexpr std::uint64_t full_content_octets_max = 64 * 1024;

struct DsnInput {
  queue::ReportRequest const& request;  // its message is not null
  std::string hostname;
  text::Language language = text::Language::en;
  Instant now{};
  std::string boundary;    // unique: 20 letters and digits or more
  std::string message_id;  // with its angle brackets
  /// The message as it rests. Header section alone suffices where full_wanted() says no.
  std::string_view content;
};

/// RET=FULL, and short enough; else the header section alone goes back (RFC 3461 §4.3).
bool full_wanted(queue::QueuedMessage const& message);

struct Dsn {
  std::string content;  // header section, empty line, body; CRLF
  bool eight_bit = false;
  bool smtputf8 = false;  // its To field or what it returns needs it
};
/// For the reverse-path of the message, which is not null.
Dsn make_dsn(DsnInput const& input);

/// =?UTF-8?B?...?= in pieces of at most 75 characters (RFC 2047 §2); ASCII as it is.
std::string encoded_words(std::string_view text);
}  // namespace pb::report
