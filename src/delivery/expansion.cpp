// expansion.cpp: follows rules from domain to domain, each address once.
// Spec: RFC 5321 §3.9.1; RFC 5233 §1 ("+").                           Tests: expansion_test.cpp
#include "delivery/expansion.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "base/ascii.hpp"
#include "delivery/srs.hpp"
#include "smtp/command.hpp"

namespace pb::delivery {
namespace {
std::string key_of(mail::Mailbox const& mailbox) {
  return ascii::to_lower(mailbox.local_part) + '@' + mailbox.domain.key();
}

class Expander {
 public:
  Expander(mail::Envelope const& envelope, Expansion const& expansion, Instant now)
      : envelope_{envelope}, expansion_{expansion}, now_{now} {}

  Expanded run() {
    for (mail::ForwardPath const& path : envelope_.forward_paths) {
      bool const full = out_.forward_paths.size() >= expanded_recipients_max;
      if (full)
        add(path, path.mailbox);
      else
        expand(path);
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] ExpansionRules const* rules_of(mail::Domain const& domain) const {
    auto const found = expansion_.domains.find(domain.key());
    return found == expansion_.domains.end() ? nullptr : &found->second;
  }

  void expand(mail::ForwardPath const& path) {
    if (auto const sender = reversed(path.mailbox)) return add(path, *sender);
    std::set<std::string> followed;
    std::deque<mail::Mailbox> open{path.mailbox};
    while (!open.empty()) {
      mail::Mailbox const mailbox = std::move(open.front());
      open.pop_front();
      std::vector<mail::Mailbox> next;
      if (followed.insert(key_of(mailbox)).second) next = one_step(mailbox);
      bool const stays = next.empty() || (next.size() == 1 && key_of(next[0]) == key_of(mailbox));
      std::size_t const all = out_.forward_paths.size() + open.size() + next.size();
      if (stays || all > expanded_recipients_max) {
        add(path, mailbox);
        continue;
      }
      for (mail::Mailbox& target : next) {
        // "bob: bob, carol" keeps bob's own mailbox.
        if (key_of(target) == key_of(mailbox))
          add(path, target);
        else
          open.push_back(std::move(target));
      }
    }
  }

  /// Where a bounce that came back goes: only nobody sends one (RFC 5321 §4.5.5).
  [[nodiscard]] std::optional<mail::Mailbox> reversed(mail::Mailbox const& mailbox) const {
    if (!envelope_.reverse_path.is_null() || expansion_.srs_secret.empty()) return std::nullopt;
    if (rules_of(mailbox.domain) == nullptr) return std::nullopt;
    auto sender = Srs{expansion_.srs_secret, {}}.reverse(mailbox, now_);
    if (!sender) return std::nullopt;
    return std::move(*sender);
  }

  /// By the rules of the domain; empty: there is none for this address.
  [[nodiscard]] std::vector<mail::Mailbox> one_step(mail::Mailbox const& mailbox) const {
    ExpansionRules const* const rules = rules_of(mailbox.domain);
    if (rules == nullptr) return at_home(mailbox);
    if (auto found = by_alias(*rules, mailbox, mailbox.local_part); !found.empty()) return found;
    if (expansion_.has_mailbox(mailbox)) return {};
    std::string const local = mailbox.local_part;
    auto const plus = local.find('+');
    bool const detailed = rules->plus_addressing && plus != std::string::npos && plus > 0;
    if (detailed) {
      std::string const plain = local.substr(0, plus);
      if (auto found = by_alias(*rules, mailbox, plain); !found.empty()) return found;
      if (expansion_.has_mailbox({plain, mailbox.domain})) return {};
    }
    if (!rules->catch_all.empty()) return {target_of(rules->catch_all, mailbox.domain)};
    if (is_required(mailbox) && !expansion_.postmaster.empty())
      return {target_of(expansion_.postmaster, mailbox.domain)};
    return {};
  }

  static bool is_required(mail::Mailbox const& mailbox) {
    return ascii::iequals(mailbox.local_part, "postmaster") ||
           ascii::iequals(mailbox.local_part, "abuse");
  }

  /// "<Postmaster>", and postmaster and abuse at the server's own name where that is no mail domain
  /// (RFC 5321 §4.5.1): as of our first domain.
  [[nodiscard]] std::vector<mail::Mailbox> at_home(mail::Mailbox const& mailbox) const {
    bool const here = mailbox.domain.text.empty() || mailbox.domain.key() == expansion_.hostname;
    if (!here || !is_required(mailbox) || expansion_.home.empty()) return {};
    return {{mailbox.local_part, {expansion_.home}}};
  }

  [[nodiscard]] std::vector<mail::Mailbox> by_alias(ExpansionRules const& rules,
                                                    mail::Mailbox const& mailbox,
                                                    std::string const& local_part) const {
    std::vector<mail::Mailbox> out;
    auto const rule = rules.aliases.rules().find(ascii::to_lower(local_part));
    if (rule == rules.aliases.rules().end()) return out;
    for (std::string const& target : rule->second) out.push_back(target_of(target, mailbox.domain));
    return out;
  }

  /// An address, a local part of the same domain, or an account's name.
  [[nodiscard]] mail::Mailbox target_of(std::string const& target,
                                        mail::Domain const& domain) const {
    if (auto address = mail::parse_mailbox(target, mail::Utf8::allow)) return std::move(*address);
    mail::Mailbox here{target, domain};
    ExpansionRules const* const rules = rules_of(domain);
    bool const known =
        expansion_.has_mailbox(here) || rules->aliases.rules().contains(ascii::to_lower(target));
    if (known) return here;
    auto of_account = mail::parse_mailbox(expansion_.address_of(target), mail::Utf8::allow);
    return of_account ? std::move(*of_account) : std::move(here);
  }

  void add(mail::ForwardPath const& path, mail::Mailbox const& mailbox) {
    if (!added_.insert(key_of(mailbox)).second) return;
    mail::ForwardPath made = path;
    made.mailbox = mailbox;
    bool const moved = key_of(mailbox) != key_of(path.mailbox);
    if (moved && made.original_recipient.empty()) {
      bool const utf8 = path.mailbox.is_internationalized();
      if (!utf8) made.original_recipient = "rfc822;" + smtp::encode_xtext(path.mailbox.text());
    }
    if (moved) rewrite_reverse_path(path.mailbox.domain, mailbox.domain);
    out_.forward_paths.push_back(std::move(made));
  }

  /// Elsewhere, only the sender's own servers may send as the sender (SPF); bounces find their way
  /// through us.
  void rewrite_reverse_path(mail::Domain const& ours, mail::Domain const& target) {
    auto const& sender = envelope_.reverse_path.mailbox;
    if (expansion_.srs_secret.empty() || !sender) return;
    if (rules_of(target) != nullptr || rules_of(sender->domain) != nullptr) return;
    auto rewritten = Srs{expansion_.srs_secret, ours.text}.forward(*sender, now_);
    if (!rewritten) return;  // too long for a local part: it goes as it is
    out_.forwarded.push_back(
        {static_cast<std::uint32_t>(out_.forward_paths.size()), std::move(*rewritten)});
  }

  mail::Envelope const& envelope_;
  Expansion const& expansion_;
  Instant now_;
  std::set<std::string> added_;
  Expanded out_;
};
}  // namespace

Expanded expand(mail::Envelope const& envelope, Expansion const& expansion, Instant now) {
  return Expander{envelope, expansion, now}.run();
}

bool leads_elsewhere(mail::Envelope const& envelope, Expansion const& expansion, Instant now) {
  auto const elsewhere = [&](mail::ForwardPath const& path) {
    return !expansion.domains.contains(path.mailbox.domain.key());
  };
  return std::ranges::any_of(expand(envelope, expansion, now).forward_paths, elsewhere);
}

bool takes_bounces(mail::Mailbox const& mailbox, Expansion const& expansion, Instant now) {
  return !expansion.srs_secret.empty() && expansion.domains.contains(mailbox.domain.key()) &&
         Srs{expansion.srs_secret, {}}.reverse(mailbox, now).has_value();
}
}  // namespace pb::delivery
