// ehlo.cpp: EHLO and HELO name the client; EHLO's answer lists what this session may use now.
// Spec: RFC 5321 §4.1.1.1, §4.1.4; keywords: RFC 2920, 1870, 6152, 6531, 3030, 3461, 2034, 3207,
// 4954, 9422, 4865, 6710, 2852.        Tests: dialogues/ehlo_*.smtp.   Not here: SPF's HELO check.
#include <fmt/core.h>

#include <chrono>
#include <utility>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
namespace {
/// A name without blanks and controls. The world's names are not only domains ("my_pc",
/// "localhost"), and RFC 5321 §4.1.4 lets no name be a reason to refuse mail.
bool is_acceptable_name(std::string_view name) {
  if (name.empty() || name.size() > limits::domain_octets) return false;
  for (char const c : name) {
    if (!ascii::is_vchar(c) || c == '<' || c == '>') return false;
  }
  return true;
}
}  // namespace

void Session::Impl::handle_ehlo(std::string_view arguments) { hello(arguments, true); }
void Session::Impl::handle_helo(std::string_view arguments) { hello(arguments, false); }

void Session::Impl::hello(std::string_view name, bool esmtp) {
  if (name.empty()) return protocol_error(reply::need_name);
  if (!is_acceptable_name(name)) return protocol_error(reply::bad_name);
  helo_before_ = std::exchange(facts_.helo, std::string{name});
  esmtp_before_ = std::exchange(facts_.esmtp, esmtp);
  ask(Stage::ehlo);
}

void Session::Impl::on_ehlo_verdict(Verdict const& verdict) {
  if (!is_acceptance(verdict)) {
    facts_.helo = std::move(helo_before_);
    facts_.esmtp = esmtp_before_;
    return answer_refusal(verdict);
  }
  // RFC 5321 §4.1.4: an accepted EHLO also does what RSET does.
  order_ = Order::greeted;
  reset_transaction();
  answer(reply::ehlo.with(ehlo_text()));
}

bool Session::Impl::offers(bool setting) const {
  return setting && (settings_->role != Role::relay || facts_.peer.trusted);
}

bool Session::Impl::is_offered(sasl::MechanismName name) const {
  if (!settings_->auth_offered || (!facts_.tls.active && !settings_->auth_in_clear)) return false;
  if (name == sasl::MechanismName::scram_sha_256_plus && facts_.tls.channel_binding.empty()) {
    return false;
  }
  if (name == sasl::MechanismName::external && facts_.tls.client_identity.empty()) return false;
  for (sasl::MechanismName const offered : settings_->mechanisms) {
    if (offered == name) return true;
  }
  return false;
}

std::string Session::Impl::ehlo_text() const {
  std::string text =
      fmt::format("{} greets {}", settings_->hostname, escape_for_display(facts_.helo));
  if (!facts_.esmtp) return text;
  text += "\nPIPELINING\n8BITMIME\nSMTPUTF8\nCHUNKING\nDSN\nENHANCEDSTATUSCODES";
  text += fmt::format("\nSIZE {}", settings_->message_octets_max);
  if (settings_->starttls_offered && !facts_.tls.active) text += "\nSTARTTLS";
  std::string mechanisms;
  for (sasl::MechanismName const name : settings_->mechanisms) {
    if (is_offered(name)) mechanisms += fmt::format(" {}", sasl::name_of(name));
  }
  if (!mechanisms.empty() && facts_.account.empty()) text += "\nAUTH" + mechanisms;
  text += fmt::format("\nLIMITS RCPTMAX={} MAILMAX={}", settings_->recipients_max,
                      settings_->transactions_max);
  if (offers(settings_->futurerelease)) {
    auto const until = std::chrono::floor<std::chrono::seconds>(clock_.now() + limits::hold_max);
    std::chrono::sys_days const day = std::chrono::floor<std::chrono::days>(until);
    std::chrono::year_month_day const date{day};
    std::chrono::hh_mm_ss const time{until - day};
    text +=
        fmt::format("\nFUTURERELEASE {} {:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                    std::chrono::seconds{limits::hold_max}.count(), static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    time.hours().count(), time.minutes().count(), time.seconds().count());
  }
  if (offers(settings_->mt_priority)) text += "\nMT-PRIORITY MIXER";
  if (offers(settings_->deliverby)) {
    text += fmt::format("\nDELIVERBY {}", std::chrono::seconds{limits::deliver_by_min}.count());
  }
  bool const probes = !settings_->probe_ports.empty() && settings_->role != Role::relay;
  if (probes && facts_.tls.active && !facts_.account.empty()) text += "\nXPROBE";
  if (facts_.peer.may_xclient) {
    text += "\nXCLIENT NAME ADDR PORT PROTO HELO DESTADDR DESTPORT";
    if (facts_.peer.xclient_login) text += " LOGIN";
  }
  return text;
}
}  // namespace pb::smtp::server
