// tokens_fuzz.cpp: comments, authserv-ids and the Received field with hostile names in it.
// Spec: RFC 5322 §3.2.2; RFC 8601 §2.2; RFC 5321 §4.4.        Not here: addresses.
// Covers: src/mail/tokens.cpp src/mail/trace.cpp
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "mail/header_section.hpp"
#include "mail/tokens.hpp"
#include "mail/trace.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  std::string_view rest = text;
  bool const closed = mail::skip_cfws(rest);
  PB_CHECK(text.ends_with(rest) && (closed || rest.empty()));
  PB_CHECK(mail::without_comments(text).size() <= text.size());
  PB_CHECK(mail::authserv_id(text).size() <= text.size());
  mail::ReceivedFacts facts;
  facts.helo = std::string{text};
  facts.by = "mx.example";
  facts.tls_version = facts.tls_cipher = std::string{text.substr(0, 64)};
  facts.esmtp = size % 2 != 0;
  facts.tls = size % 3 != 0;
  facts.smtputf8 = size % 5 != 0;
  facts.authenticated = size % 7 != 0;
  facts.only_recipient = size % 11 != 0 ? "" : "b@mx.example";
  facts.queue_id = QueueId{size % 13};
  auto const section = mail::HeaderSection::parse(mail::received_field(facts));
  // Whatever the client called itself, one field comes of it.
  PB_CHECK(section.has_value() && section->size() == 1);
  PB_CHECK(section->at(0).raw.size() == section->bytes().size());
  return 0;
}
