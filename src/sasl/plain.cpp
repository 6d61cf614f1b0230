// plain.cpp: PLAIN, LOGIN and EXTERNAL: one question each, about a password or a certificate.
// Spec: RFC 4616; draft-murchison-sasl-login; RFC 4422 Appendix A.        Tests: server_test.cpp
// Not here: checking the password (accounts/password, runtime/password_authenticator).
#include <utility>

#include "base/check.hpp"
#include "base/utf8.hpp"
#include "sasl/mechanisms.hpp"

namespace pb::sasl {
namespace {
bool is_identity(std::string_view text) {
  return text.size() <= user_octets_max && utf8::valid(text) &&
         text.find('\0') == std::string_view::npos;
}
bool is_password(std::string_view text) {
  return !text.empty() && text.size() <= password_octets_max && utf8::valid(text) &&
         text.find('\0') == std::string_view::npos;
}

class Plain final : public Mechanism {
 public:
  // message = [authzid] UTF8NUL authcid UTF8NUL passwd (RFC 4616 §2)
  Outcome respond(std::optional<std::string_view> response) override {
    PB_CHECK(!asked_);
    if (!response) return prompted_ ? Outcome{Failure::malformed} : prompt();
    auto const first = response->find('\0');
    if (first == std::string_view::npos) return Failure::malformed;
    auto const second = response->find('\0', first + 1);
    if (second == std::string_view::npos) return Failure::malformed;
    authorization_identity_ = response->substr(0, first);
    user_ = response->substr(first + 1, second - first - 1);
    std::string_view const password = response->substr(second + 1);
    if (!is_identity(authorization_identity_) || user_.empty() || !is_identity(user_) ||
        !is_password(password)) {
      return Failure::malformed;
    }
    asked_ = true;
    return PasswordCheck{user_, std::string{password}};
  }

  Outcome answer(Answer const& answer) override {
    PB_CHECK(asked_);
    Outcome outcome = outcome_of(answer);
    auto const* success = std::get_if<Success>(&outcome);
    if (success != nullptr && !may_act_as(authorization_identity_, user_, success->account)) {
      return Failure::denied;
    }
    return outcome;
  }

 private:
  Outcome prompt() {
    prompted_ = true;
    return Challenge{};
  }
  std::string authorization_identity_;
  std::string user_;
  bool prompted_ = false;
  bool asked_ = false;
};

class Login final : public Mechanism {
 public:
  /// Clients match these two prompts by their base64 text, so they are what everybody sends.
  Outcome respond(std::optional<std::string_view> response) override {
    PB_CHECK(!asked_);
    if (!response) return prompted_ ? Outcome{Failure::malformed} : prompt("Username:");
    if (!have_user_) {
      if (response->empty() || !is_identity(*response)) return Failure::malformed;
      user_ = *response;
      have_user_ = true;
      return prompt("Password:");
    }
    if (!is_password(*response)) return Failure::malformed;
    asked_ = true;
    return PasswordCheck{user_, std::string{*response}};
  }

  Outcome answer(Answer const& answer) override {
    PB_CHECK(asked_);
    return outcome_of(answer);
  }

 private:
  Outcome prompt(std::string_view text) {
    prompted_ = true;
    return Challenge{std::string{text}};
  }
  std::string user_;
  bool have_user_ = false;
  bool prompted_ = false;
  bool asked_ = false;
};

class External final : public Mechanism {
 public:
  explicit External(std::string certificate_identity)
      : certificate_identity_{std::move(certificate_identity)} {}

  // The response is the authorization identity; an empty one means the certificate's own account.
  Outcome respond(std::optional<std::string_view> response) override {
    PB_CHECK(!asked_);
    if (!response) {
      if (std::exchange(prompted_, true)) return Failure::malformed;
      return Challenge{};
    }
    if (!is_identity(*response)) return Failure::malformed;
    if (certificate_identity_.empty()) return Failure::denied;
    asked_ = true;
    return ExternalCheck{certificate_identity_, std::string{*response}};
  }

  Outcome answer(Answer const& answer) override {
    PB_CHECK(asked_);
    return outcome_of(answer);
  }

 private:
  std::string certificate_identity_;
  bool prompted_ = false;
  bool asked_ = false;
};
}  // namespace

std::unique_ptr<Mechanism> make_plain() { return std::make_unique<Plain>(); }
std::unique_ptr<Mechanism> make_login() { return std::make_unique<Login>(); }
std::unique_ptr<Mechanism> make_external(MechanismInputs inputs) {
  return std::make_unique<External>(std::move(inputs.certificate_identity));
}
}  // namespace pb::sasl
