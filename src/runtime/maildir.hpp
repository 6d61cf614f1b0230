// maildir.hpp: puts a message into a Maildir: tmp, fdatasync, rename, directory sync, then done.
// Spec: cr.yp.to/proto/maildir.html; RFC 5321 §4.4 (Return-Path).          Tests: maildir_test.cpp
// Not here: which directory (delivery_agent, by a known account's name), quotas.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "mail/address.hpp"

namespace pb::runtime {
enum class MaildirError : std::uint8_t {
  bad_name,  // an account or domain that cannot be a directory's name
  no_space,
  permission,
  io,         //
  unreadable  // our own store could not give the content
};
std::string_view name_of(MaildirError error);

/// "/var/mail/{domain}/{account}" with both filled in. Neither may be empty, begin with a dot, or
/// hold '/', NUL or a control character.
std::expected<std::string, MaildirError> maildir_path(std::string_view pattern,
                                                      std::string_view domain,
                                                      std::string_view account);

struct MaildirMessage {
  std::string directory;
  mail::ReversePath reverse_path;
  std::string delivered_to;  // the recipient's address
  std::string file_name;     // unique; without '/' and ':'
  std::uint64_t octets = 0;  // of the content
};
/// At most `octets_max` from `offset`; nullopt: failed.
using ReadPart =
    std::function<std::optional<std::string_view>(std::uint64_t offset, std::size_t octets_max)>;

/// Blocks; for a pool thread. When it returns without an error, the message is durable under its
/// name. Lines end with LF in the file, as other programs write them there. Return-Path and
/// Delivered-To stand in front; other Return-Path fields are removed.
std::expected<void, MaildirError> deliver_to_maildir(MaildirMessage const& message,
                                                     ReadPart const& read);

/// "1763748000.V12M345Q<queue id>R0.host": unique for a message and recipient.
std::string maildir_file_name(Instant now, std::string_view queue_id, std::uint32_t recipient,
                              std::uint64_t nonce, std::string_view hostname);
}  // namespace pb::runtime
