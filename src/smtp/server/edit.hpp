// edit.hpp: the one edit of a received header section, and our trace field in front of it.
// Spec: RFC 6409 §8 (Date, Message-ID), RFC 5322 §3.6.3 (Bcc), RFC 8601 §5 (forged results),
// RFC 5321 §4.4 (Received, Return-Path).
// Tests: session_test.cpp.   Not here: signatures (dkim/).
#pragma once

#include <string>

#include "mail/header_section.hpp"
#include "smtp/server/facts.hpp"

namespace pb::smtp::server {
struct EditContext {
  std::string hostname;  // also our authserv-id
  bool submission = false;
  Instant now{};
};
/// Submission: Bcc, Resent-Bcc and Return-Path out, Date and Message-ID in where missing. Every
/// role: Authentication-Results that claim to be ours out. All else stays as it is.
void edit_header(mail::HeaderSection& header, EditContext const& context, Random& random);

/// The Received field of this message.
std::string trace_of(SessionFacts const& facts, std::string const& hostname, QueueId id,
                     Instant now);
}  // namespace pb::smtp::server
