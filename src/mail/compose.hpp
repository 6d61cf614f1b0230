// compose.hpp: a new message from its parts: header fields, bodies, attachments.
// Spec: RFC 5322 §3.6; MIME RFC 2045, RFC 2046 §5.1; encoded words RFC 2047; names RFC 2231.
// Tests: compose_test.cpp                      Not here: the envelope, sending, reading files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mail/header_address.hpp"

namespace pb::mail {
struct Attachment {
  std::string name;        // UTF-8, without a folder
  std::string media_type;  // "image/png"; empty: application/octet-stream
  std::string bytes;
};

struct Draft {
  std::vector<NamedAddress> from, to, cc;  // display names UTF-8
  std::string subject;                     // UTF-8
  std::string text, html;                  // UTF-8 with CRLF or LF; empty: there is none
  std::vector<Attachment> attachments;
  std::string date;        // as format_date() writes it
  std::string message_id;  // with its angle brackets
  std::string boundary;    // unique: the caller's random letters, at most 40
};

/// The whole message: CRLF line ends, lines of at most 998 octets, seven bits, except where a
/// mailbox itself is not ASCII (RFC 6532). Bcc is the envelope's matter: it is never written.
std::string compose(Draft const& draft);

/// `text` for an unstructured header field: as it is, or as encoded words of at most 75 characters.
std::string encode_words(std::string_view text);
/// A display name as a field carries it: atoms, a quoted string or encoded words (RFC 5322 §3.2.5).
std::string display_phrase(std::string_view name);
/// By the ending of a file's name; "application/octet-stream" where that says nothing.
std::string_view media_type_of(std::string_view file_name);
/// Every line end, LF or CRLF, as CRLF; a lone CR, too. The last line gets one where it has none.
std::string clean_line_ends(std::string_view text);
}  // namespace pb::mail
