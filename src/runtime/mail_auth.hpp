// mail_auth.hpp: SPF, DKIM, ARC, DMARC and iprev of one message, found while its body streams by.
// Spec: RFC 7208, 6376, 8617, 9989, 8601.                               Tests: mail_auth_test.cpp
// Not here: each mechanism (spf/, dkim/, arc/, dmarc/), what a result leads to (policy).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arc/verify.hpp"
#include "authres/results.hpp"
#include "base/clock.hpp"
#include "base/ip.hpp"
#include "dkim/verify.hpp"
#include "dmarc/evaluate.hpp"
#include "dns/answer.hpp"
#include "mail/header_section.hpp"
#include "runtime/resolver.hpp"
#include "spf/evaluate.hpp"

namespace pb::runtime {
namespace asio = boost::asio;

/// Who delivers the message; without an address SPF and iprev are left out.
struct MailAuthSender {
  std::optional<IpAddress> ip;
  std::string helo;
  std::string mail_from;  // without angle brackets; empty: the null reverse-path
  std::string receiver;   // our host name
};

struct MailAuthFindings {
  std::optional<spf::Result> helo;       // absent without an address or a HELO name
  std::optional<spf::Result> mail_from;  // absent also for the null reverse-path
  std::optional<spf::ReverseResult> reverse;
  std::vector<dkim::SignatureResult> dkim;
  arc::Result arc;
  dmarc::Result dmarc;
  dns::Facts facts;  // every question that was asked, with its answer
  /// Some mechanism that DMARC needs failed for now, and nothing else passed: try again later.
  [[nodiscard]] bool is_temporary() const;
};

/// One message. The header section is used up in the constructor; then body(), then finish().
class MailAuth {
 public:
  MailAuth(mail::HeaderSection const& header, dkim::VerifyOptions const& options);
  ~MailAuth();
  MailAuth(MailAuth&&) noexcept;
  MailAuth& operator=(MailAuth&&) noexcept;
  /// CRLF line ends; the body is digested before this returns.
  void body(std::string_view chunk);
  /// Asks what it must, all keys at once; bounded by the mechanisms' own limits and the
  /// resolver's wait. `resolver` and `keys` outlive the wait. Once only.
  asio::awaitable<MailAuthFindings> finish(Resolver& resolver, MailAuthSender sender, Instant now,
                                           dkim::KeyCache& keys);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What Authentication-Results says of the findings (RFC 8601), methods in a fixed order.
authres::Results results_of(MailAuthFindings const& findings, MailAuthSender const& sender,
                            std::string authserv_id);
}  // namespace pb::runtime
