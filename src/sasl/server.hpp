// server.hpp: the server's side of a SASL exchange as a machine of values.    Tests: *_test.cpp
// Spec: RFC 4422; PLAIN RFC 4616, LOGIN (draft-murchison-sasl-login), SCRAM RFC 5802, 7677,
// EXTERNAL RFC 4422 Appendix A.       Not here: base64 and SMTP lines (smtp/server/auth), accounts
// (accounts/).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pb::sasl {
/// Is this the account's password? (argon2id, off the loop.) The password never reaches a log.
struct PasswordCheck {
  std::string user;  // authentication identity as sent
  std::string password;
};
/// The salted keys of this user; for an unknown one the directory gives stable fake ones.
struct ScramLookup {
  std::string user;
};
/// May the holder of this verified client certificate act as `user`?
struct ExternalCheck {
  std::string certificate_identity;
  std::string user;  // empty: the certificate's own account
};
using Question = std::variant<PasswordCheck, ScramLookup, ExternalCheck>;

struct ScramKeys {
  std::string salt;
  std::uint32_t iterations = 4096;
  std::string stored_key;
  std::string server_key;
};
/// Answers. `account` is the canonical account name.
struct Granted {
  std::string account;
};
struct Denied {};
/// More waiting work than the pool takes, or the store is away: 454 4.7.0.
struct Unavailable {};
struct ScramFound {
  std::string account;
  ScramKeys keys;
  bool usable = true;
};  // usable: a real account
using Answer = std::variant<Granted, Denied, Unavailable, ScramFound>;

/// What the machine wants next.
struct Challenge {
  std::string bytes;
};  // send to the client, wait for its response
/// SCRAM's server-final has gone out as a Challenge before (RFC 4954 §4: SMTP has no data beside
/// 235), so `final_bytes` is empty for every mechanism here.
struct Success {
  std::string account;
  std::string final_bytes;
};
enum class Failure : std::uint8_t { malformed, denied, unavailable, downgrade };
using Outcome = std::variant<Challenge, Question, Success, Failure>;

/// Success and Failure end it. respond() follows a Challenge (or begins), answer() follows a
/// Question; another order is a broken invariant of the caller.
class Mechanism {
 public:
  virtual ~Mechanism() = default;
  /// The client's response (decoded); nullopt at the start when it sent no initial response.
  virtual Outcome respond(std::optional<std::string_view> response) = 0;
  virtual Outcome answer(Answer const& answer) = 0;
};

enum class MechanismName : std::uint8_t {
  plain,
  login,
  scram_sha_256,
  scram_sha_256_plus,
  external
};
/// As registered: "SCRAM-SHA-256". Found without regard to case.
std::string_view name_of(MechanismName name);
std::optional<MechanismName> mechanism_named(std::string_view text);

struct MechanismInputs {
  std::string nonce;            // server nonce, printable, at least 18 characters
  std::string channel_binding;  // tls-exporter; empty: -PLUS is not offered
  bool plus_offered = false;    // RFC 5802 §6: then the client's "y" is a downgrade
  std::string certificate_identity;
};
/// SCRAM needs the nonce, and -PLUS the channel binding: offer it only when there is one.
std::unique_ptr<Mechanism> make_mechanism(MechanismName name, MechanismInputs inputs);
}  // namespace pb::sasl
