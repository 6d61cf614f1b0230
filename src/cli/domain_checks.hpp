// domain_checks.hpp: a sending domain judged: one finding a check, with the record to publish.
// Spec: docs/reference/command-line.md; RFC 7208, 6376, 9989, 8461, 8460, 7672, 8601 §2.7.3.
// Not here: printing (domain.cpp).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.hpp"
#include "runtime/resolver.hpp"
#include "text/language.hpp"

namespace pb::cli {
enum class Judgement : std::uint8_t { good, advice, bad, unknown };
std::string_view text(Judgement judgement);

struct Finding {
  std::string area;  // "spf", "dkim", ...
  Judgement judgement = Judgement::good;
  std::string says;     // in the asked language
  std::string publish;  // a zone file's line; empty: nothing
};

struct DomainQuestion {
  std::string domain;
  std::vector<std::string> selectors;
  std::vector<IpAddress> addresses;  // that send for it; empty: those of the MX hosts
  text::Language language = text::Language::en;
};

/// Bounded: some 60 questions at most.
boost::asio::awaitable<std::vector<Finding>> check_domain(runtime::Resolver& resolver,
                                                          DomainQuestion question);
}  // namespace pb::cli
