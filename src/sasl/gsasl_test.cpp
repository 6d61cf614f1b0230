// gsasl_test.cpp: our machines against libgsasl's, as server and as client.
// Spec: RFC 5802, RFC 7677, RFC 4616.          Not here: the network (tests/interop).
#include <gsasl.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>

#include "base/encoding.hpp"
#include "sasl/client.hpp"
#include "sasl/saslprep.hpp"
#include "sasl/scram.hpp"
#include "sasl/server.hpp"

namespace pb::sasl {
namespace {
constexpr std::string_view channel = "0123456789abcdef0123456789abcdef";

/// What libgsasl asks for, and what we tell it.
using Properties = std::map<Gsasl_property, std::string>;

int on_property(Gsasl* context, Gsasl_session* session, Gsasl_property property) {
  auto const* known = static_cast<Properties const*>(gsasl_callback_hook_get(context));
  auto const found = known->find(property);
  if (found == known->end()) return GSASL_NO_CALLBACK;
  return gsasl_property_set(session, property, found->second.c_str());
}

/// One session of libgsasl, client or server.
class Peer {
 public:
  enum class Side : bool { client, server };
  Peer(Side side, std::string const& mechanism, Properties properties)
      : properties_{std::move(properties)} {
    EXPECT_EQ(gsasl_init(&context_), GSASL_OK);
    gsasl_callback_hook_set(context_, &properties_);
    gsasl_callback_set(context_, on_property);
    auto* const start = side == Side::client ? gsasl_client_start : gsasl_server_start;
    EXPECT_EQ(start(context_, mechanism.c_str(), &session_), GSASL_OK) << mechanism;
  }
  Peer(Peer const&) = delete;
  Peer& operator=(Peer const&) = delete;
  ~Peer() {
    if (session_ != nullptr) gsasl_finish(session_);
    gsasl_done(context_);
  }
  /// Its answer to our bytes; result() says GSASL_OK, GSASL_NEEDS_MORE or what went wrong.
  std::string step(std::string_view in) {
    char* out = nullptr;
    std::size_t size = 0;
    result_ = gsasl_step(session_, in.data(), in.size(), &out, &size);
    std::string bytes;
    if (result_ == GSASL_OK || result_ == GSASL_NEEDS_MORE) bytes.assign(out, size);
    gsasl_free(out);
    return bytes;
  }
  [[nodiscard]] int result() const { return result_; }

 private:
  Properties properties_;
  Gsasl* context_ = nullptr;
  Gsasl_session* session_ = nullptr;
  int result_ = GSASL_OK;
};

struct Run {
  bool success = false;
  std::optional<Failure> failure;
};

/// Our server with the password "pencil" for every user, against a client of libgsasl.
Run serve(MechanismName name, Properties const& properties, MechanismInputs const& inputs) {
  Peer client{Peer::Side::client, std::string{name_of(name)}, properties};
  auto machine = make_mechanism(name, inputs);
  Outcome outcome = machine->respond(client.step(""));
  for (int turn = 0; turn < 8; ++turn) {
    if (std::holds_alternative<Success>(outcome)) return {true, {}};
    if (auto const* failure = std::get_if<Failure>(&outcome)) return {false, *failure};
    if (auto const* challenge = std::get_if<Challenge>(&outcome)) {
      outcome = machine->respond(client.step(challenge->bytes));
    } else if (auto const& question = std::get<Question>(outcome);
               std::holds_alternative<ScramLookup>(question)) {
      std::string const prepared = saslprep("pencil").value();
      outcome = machine->answer(
          ScramFound{"u@example.com", scram::derive_keys(prepared, "the salt", 4096), true});
    } else {
      bool const right = std::get<PasswordCheck>(question).password == "pencil";
      outcome = machine->answer(right ? Answer{Granted{"u@example.com"}} : Answer{Denied{}});
    }
  }
  return {};
}

MechanismInputs inputs(std::string_view binding) {
  MechanismInputs made;
  made.nonce = "abcdefghijklmnopqrstuvwxyz";
  made.channel_binding = binding;
  made.plus_offered = !binding.empty();
  return made;
}

Properties login(std::string const& user, std::string const& password) {
  return {{GSASL_AUTHID, user}, {GSASL_PASSWORD, password}};
}

TEST(GsaslClient, logs_in_with_every_mechanism_that_both_have) {
  EXPECT_TRUE(serve(MechanismName::plain, login("u", "pencil"), {}).success);
  EXPECT_TRUE(serve(MechanismName::login, login("u", "pencil"), {}).success);
  EXPECT_TRUE(serve(MechanismName::scram_sha_256, login("u,=x", "pencil"), inputs("")).success);
  Properties bound = login("u", "pencil");
  bound[GSASL_CB_TLS_EXPORTER] = base64_encode(channel);
  EXPECT_TRUE(serve(MechanismName::scram_sha_256_plus, bound, inputs(channel)).success);
}

TEST(GsaslClient, is_refused_with_a_wrong_password_or_channel) {
  EXPECT_EQ(serve(MechanismName::plain, login("u", "pen"), {}).failure, Failure::denied);
  EXPECT_EQ(serve(MechanismName::scram_sha_256, login("u", "pen"), inputs("")).failure,
            Failure::denied);
  Properties bound = login("u", "pencil");
  bound[GSASL_CB_TLS_EXPORTER] = base64_encode("another channel's octets........");
  EXPECT_EQ(serve(MechanismName::scram_sha_256_plus, bound, inputs(channel)).failure,
            Failure::denied);
}

/// Our client against a server of libgsasl that knows the password "pencil"; true: both are
/// content.
bool log_in(ClientMechanismName name, std::string const& password, std::string_view binding) {
  Properties known{{GSASL_PASSWORD, "pencil"}, {GSASL_SCRAM_ITER, "4096"}};
  known[GSASL_CB_TLS_EXPORTER] = base64_encode(channel);
  Peer server{Peer::Side::server, std::string{name_of(name)}, known};
  ClientInputs ours;
  ours.credentials = {"u,=x", password, ""};
  ours.nonce = "abcdefghijklmnopqrstuvwxyz";
  ours.channel_binding = binding;
  ours.plus_offered = !binding.empty();
  auto client = make_client_mechanism(name, ours);
  std::string challenge = server.step(client->initial_response().value().value());
  for (int turn = 0; turn < 4 && server.result() == GSASL_NEEDS_MORE; ++turn) {
    auto const response = client->respond(challenge);
    if (!response) return false;
    challenge = server.step(*response);
  }
  if (server.result() != GSASL_OK) return false;
  if (!challenge.empty() && !client->respond(challenge)) return false;
  return client->may_trust_success();
}

TEST(GsaslServer, takes_our_client_with_scram_and_with_scram_plus) {
  EXPECT_TRUE(log_in(ClientMechanismName::scram_sha_256, "pencil", ""));
  EXPECT_TRUE(log_in(ClientMechanismName::scram_sha_256_plus, "pencil", channel));
}

TEST(GsaslServer, refuses_our_client_with_a_wrong_password_or_channel) {
  EXPECT_FALSE(log_in(ClientMechanismName::scram_sha_256, "pen", ""));
  EXPECT_FALSE(log_in(ClientMechanismName::scram_sha_256_plus, "pencil", "elsewhere"));
}
}  // namespace
}  // namespace pb::sasl
