// summary.cpp: what is shown of a captured message in a list.            Tests: inbox_test.cpp
// Spec: RFC 5322 §3.6 (From, Subject); encoded words RFC 2047.
// Not here: the body (reading.cpp).
#include "inbox/summary.hpp"

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "inbox/reading.hpp"
#include "mail/header_section.hpp"

namespace pb::inbox {
namespace {
struct EncodedWord {
  std::string text;
  std::size_t octets;  // of its spelling
};

/// encoded-word = "=?" charset "?" encoding "?" encoded-text "?="        (RFC 2047 §2)
std::optional<EncodedWord> encoded_word(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  std::size_t const charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size()) return std::nullopt;
  if (text[charset_end + 2] != '?') return std::nullopt;
  std::size_t const begin = charset_end + 3;
  std::size_t const end = text.find("?=", begin);
  if (end == std::string_view::npos) return std::nullopt;
  char const encoding = ascii::lower(text[charset_end + 1]);
  std::string_view const encoded = text.substr(begin, end - begin);
  std::optional<std::string> bytes;
  if (encoding == 'b') bytes = base64_decode(encoded);
  if (encoding == 'q') bytes = decode_quoted_printable(encoded, QuotedPrintable::in_header);
  if (!bytes) return std::nullopt;
  auto decoded = to_utf8(*bytes, text.substr(2, charset_end - 2));
  if (!decoded) return std::nullopt;
  return EncodedWord{std::move(*decoded), end + 2};
}
}  // namespace

std::string decode_words(std::string_view value) {
  std::string const line = mail::unfold(value);
  std::string_view rest = line;
  std::string out;
  std::size_t blanks_after_word = std::string::npos;  // where blanks between two words began
  while (!rest.empty()) {
    if (auto const word = encoded_word(rest)) {
      // Blanks between two encoded words are not shown (RFC 2047 §6.2).
      if (blanks_after_word != std::string::npos) out.resize(blanks_after_word);
      out += word->text;
      blanks_after_word = out.size();
      rest.remove_prefix(word->octets);
      continue;
    }
    if (!ascii::is_wsp(rest.front())) blanks_after_word = std::string::npos;
    out += rest.front();
    rest.remove_prefix(1);
  }
  return out;
}

Summary summarise(Captured const& captured, std::string_view message) {
  Summary out;
  out.id = captured.id;
  out.received_at = captured.received_at;
  out.reverse_path = captured.envelope.reverse_path.text();
  for (std::uint32_t const index : captured.recipients)
    if (index < captured.envelope.forward_paths.size())
      out.to.push_back(captured.envelope.forward_paths[index].mailbox.text());
  out.role = captured.role;
  out.listener = captured.listener;
  out.client = captured.client;
  out.account = captured.account;
  out.tls = captured.tls;
  out.octets = captured.octets;
  auto const header = mail::HeaderSection::parse(std::string{header_of(message)});
  if (!header) return out;
  if (auto const field = header->find("From")) out.from = decode_words(field->value);
  if (auto const field = header->find("Subject")) out.subject = decode_words(field->value);
  return out;
}
}  // namespace pb::inbox
