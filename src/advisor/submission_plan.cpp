// submission_plan.cpp: the order of ways, and the line behind which nothing is tried again.
// Spec: submission_plan.hpp.                                    Tests: submission_plan_test.cpp
#include "advisor/submission_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace pb::advisor {
namespace client = smtp::client;
using client::Fault;

namespace {
void add(std::vector<Way>& ways, Way way) {
  if (way.port == 0 || way.port == 25) return;  // 25 is not for submission
  if (std::ranges::find(ways, way) == ways.end()) ways.push_back(way);
}

bool is_unsafe(Fault fault) {
  return fault == Fault::tls_untrusted || fault == Fault::injected_plaintext ||
         fault == Fault::tls_missing || fault == Fault::auth_unproven;
}

/// The message itself cannot go there, ever.
bool is_about_message(Fault fault) {
  return fault == Fault::too_large || fault == Fault::eight_bit_missing ||
         fault == Fault::utf8_address_unsupported || fault == Fault::utf8_header_unsupported ||
         fault == Fault::deliverby_missing;
}
}  // namespace

std::optional<Way> parse_way(std::string_view text) {
  Way way;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), way.port);
  if (error != std::errc{} || way.port == 0) return std::nullopt;
  std::string_view const rest{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  if (rest == "/starttls") {
    way.security = Security::starttls;
  } else if (rest == "/tls" || rest == "/ssl") {
    way.security = Security::implicit_tls;
  } else if (rest == "/none") {
    way.security = Security::none;
  } else if (rest.empty()) {
    auto const* known = find_port(way.port);
    way.security = known == nullptr ? Security::starttls : known->security;
  } else {
    return std::nullopt;
  }
  return way;
}

std::string text_of(Way const& way) {
  switch (way.security) {
    case Security::implicit_tls:
      return fmt::format("{}/tls", way.port);
    case Security::starttls:
      return fmt::format("{}/starttls", way.port);
    case Security::none:
    case Security::cleartext:
      return fmt::format("{}/none", way.port);
  }
  return {};
}

std::vector<Way> ways_to(Provider const* provider, Preference preference,
                         std::optional<Way> remembered) {
  std::vector<Way> ways;
  if (remembered && remembered->security != Security::none) add(ways, *remembered);
  if (provider == nullptr || preference != Preference::provider) {
    for (auto const port : order(preference)) {
      bool const offered =
          provider == nullptr ||
          std::ranges::any_of(provider->offers, [&](Offer const& o) { return o.port == port; });
      if (offered) add(ways, {port, find_port(port)->security});
    }
  }
  if (provider == nullptr) return ways;
  for (auto const& offer : provider->offers) add(ways, {offer.port, offer.security});
  return ways;
}

bool may_try_another_way(client::Transcript const& transcript) {
  if (transcript.fault == Fault::none || transcript.end_of_data_sent) return false;
  if (transcript.phase >= client::Phase::rset) return false;  // MAIL FROM has been said
  bool const login_refused = transcript.fault == Fault::auth_refused ||
                             transcript.fault == Fault::auth_unproven ||
                             (transcript.phase == client::Phase::auth && transcript.reply &&
                              transcript.reply->is_permanent());
  return !login_refused && transcript.fault != Fault::cancelled;
}

std::string_view name(Sent sent) {
  switch (sent) {
    case Sent::all:
      return "all";
    case Sent::some:
      return "some";
    case Sent::refused:
      return "refused";
    case Sent::not_yet:
      return "not-yet";
    case Sent::danger:
      return "danger";
    case Sent::login:
      return "login";
    case Sent::uncertain:
      return "uncertain";
  }
  return "";
}

Sent judge_sending(client::Transcript const& transcript) {
  auto const& recipients = transcript.recipients;
  auto const delivered = std::ranges::count_if(recipients, &client::RecipientResult::delivered);
  bool const nobody = recipients.empty();  // a login without a message
  if (!nobody && delivered == std::ssize(recipients)) return Sent::all;
  if (delivered > 0) return Sent::some;
  bool const open_end = std::ranges::any_of(
      recipients, [](client::RecipientResult const& one) { return !one.reply; });
  if (transcript.end_of_data_sent && transcript.fault != Fault::none && open_end)
    return Sent::uncertain;
  if (is_unsafe(transcript.fault)) return Sent::danger;
  if (transcript.fault == Fault::auth_refused || transcript.fault == Fault::auth_missing)
    return Sent::login;
  if (is_about_message(transcript.fault)) return Sent::refused;
  bool const unsendable =
      !nobody && std::ranges::all_of(recipients, &client::RecipientResult::address_unsendable);
  if (unsendable) return Sent::refused;
  auto const is_permanent = [](std::optional<client::RemoteReply> const& reply) {
    return reply && reply->is_permanent();
  };
  if (transcript.fault != Fault::none)
    return is_permanent(transcript.reply) ? Sent::refused : Sent::not_yet;
  bool const for_good = std::ranges::all_of(
      recipients, [&](client::RecipientResult const& one) { return is_permanent(one.reply); });
  return for_good ? Sent::refused : Sent::not_yet;
}
}  // namespace pb::advisor
