// outbox.hpp: messages that could not be handed over yet, as files of one person.
// Spec: docs/reference/command-line.md ("sendmail").     Tests: tests/end_to_end/sendmail_test.py
// Not here: sending (sendmail.cpp), the server's queue (queue/).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/envelope.hpp"

namespace pb::cli {
struct OutboxEntry {
  std::string id;
  std::string from;                     // empty: the null reverse-path
  std::vector<std::string> recipients;  // addresses
  std::string notify;                   // "failure,delay"; empty: unspecified
  std::string dsn_return;               // "full", "hdrs" or empty
  std::string envelope_id;
  std::int64_t since = 0;  // seconds since 1970
  std::uint64_t octets = 0;
  std::string reason;  // why it is still here
  bool held = false;   // sent to its end without an answer: only a person may repeat it
};

class Outbox {
 public:
  /// Below state_folder(). The folder is made (0700) when the first message comes.
  Outbox();
  /// The content is written first and both are synced: an entry without content cannot be.
  std::expected<void, std::string> add(OutboxEntry const& entry, std::string_view content) const;
  /// As add(), without the content.
  std::expected<void, std::string> update(OutboxEntry const& entry) const;
  void remove(std::string const& id) const;
  /// Oldest first; what cannot be read is left out. At most 10,000.
  [[nodiscard]] std::vector<OutboxEntry> list() const;
  [[nodiscard]] std::expected<std::string, std::string> content(std::string const& id) const;
  /// Runs `work` unless another process is doing so; false: then it was not run.
  bool alone(std::function<void()> const& work) const;

 private:
  [[nodiscard]] std::string path(std::string const& id, std::string_view ending) const;
  std::string folder_;
};
}  // namespace pb::cli
