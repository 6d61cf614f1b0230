// server_test.cpp: the server machines, message by message.
// Spec: RFC 4616, RFC 5802 §6, RFC 7677 §3, RFC 4422 Appendix A.   Not here: interop
// (gsasl_test.cpp)
#include "sasl/server.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "sasl/scram.hpp"

namespace pb::sasl {
namespace {
using namespace std::string_literals;
using namespace std::string_view_literals;
constexpr auto scram_name = MechanismName::scram_sha_256;
constexpr auto plus_name = MechanismName::scram_sha_256_plus;

MechanismInputs inputs() {
  MechanismInputs made;
  made.nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  return made;
}
ScramFound pencil() {
  std::string const salt = base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==").value();
  return {"user@example.com", scram::derive_keys("pencil", salt, 4096), true};
}
template <class T>
T get(Outcome outcome) {
  EXPECT_TRUE(std::holds_alternative<T>(outcome)) << "index " << outcome.index();
  return std::holds_alternative<T>(outcome) ? std::get<T>(std::move(outcome)) : T{};
}
template <class T>
T asked(Outcome outcome) {
  auto const question = get<Question>(std::move(outcome));
  EXPECT_TRUE(std::holds_alternative<T>(question));
  return std::holds_alternative<T>(question) ? std::get<T>(question) : T{};
}

TEST(Names, are_found_without_regard_to_case) {
  EXPECT_EQ(mechanism_named("scram-sha-256-plus"), plus_name);
  EXPECT_EQ(mechanism_named("CRAM-MD5"), std::nullopt);
  EXPECT_EQ(name_of(MechanismName::external), "EXTERNAL");
}

TEST(Plain, asks_about_the_password_and_succeeds_as_the_canonical_account) {
  auto machine = make_mechanism(MechanismName::plain, {});
  auto const check = asked<PasswordCheck>(machine->respond("\0tim\0tanstaaftanstaaf"sv));
  EXPECT_EQ(check.user, "tim");
  EXPECT_EQ(check.password, "tanstaaftanstaaf");
  EXPECT_EQ(get<Success>(machine->answer(Granted{"tim@example.com"})).account, "tim@example.com");
}

TEST(Plain, prompts_when_there_is_no_initial_response) {
  auto machine = make_mechanism(MechanismName::plain, {});
  EXPECT_EQ(get<Challenge>(machine->respond(std::nullopt)).bytes, "");
  EXPECT_EQ(asked<PasswordCheck>(machine->respond("\0a\0b"sv)).user, "a");
}

TEST(Plain, lets_nobody_act_for_somebody_else) {
  auto own = make_mechanism(MechanismName::plain, {});
  asked<PasswordCheck>(own->respond("Tim\0tim\0x"sv));
  EXPECT_EQ(get<Success>(own->answer(Granted{"tim"})).account, "tim");
  auto other = make_mechanism(MechanismName::plain, {});
  asked<PasswordCheck>(other->respond("root\0tim\0x"sv));
  EXPECT_EQ(get<Failure>(other->answer(Granted{"tim"})), Failure::denied);
}

TEST(Plain, passes_on_refusal_and_overload) {
  auto denied = make_mechanism(MechanismName::plain, {});
  asked<PasswordCheck>(denied->respond("\0a\0b"sv));
  EXPECT_EQ(get<Failure>(denied->answer(Denied{})), Failure::denied);
  auto away = make_mechanism(MechanismName::plain, {});
  asked<PasswordCheck>(away->respond("\0a\0b"sv));
  EXPECT_EQ(get<Failure>(away->answer(Unavailable{})), Failure::unavailable);
}

TEST(Plain, refuses_malformed_messages) {
  for (std::string_view const text : {""sv, "a"sv, "\0a"sv, "\0\0b"sv, "\0a\0"sv, "\0a\0b\0"sv,
                                      "\0a\0b\0c"sv, "\0\xFF\0b"sv, "\0a\0\xFF"sv}) {
    auto machine = make_mechanism(MechanismName::plain, {});
    EXPECT_EQ(get<Failure>(machine->respond(text)), Failure::malformed) << escape_for_display(text);
  }
  auto machine = make_mechanism(MechanismName::plain, {});
  std::string const long_password = "\0a\0"s + std::string(1025, 'x');
  EXPECT_EQ(get<Failure>(machine->respond(long_password)), Failure::malformed);
}

TEST(Login, asks_for_the_name_and_then_for_the_password) {
  auto machine = make_mechanism(MechanismName::login, {});
  EXPECT_EQ(get<Challenge>(machine->respond(std::nullopt)).bytes, "Username:");
  EXPECT_EQ(get<Challenge>(machine->respond("a@b.example")).bytes, "Password:");
  auto const check = asked<PasswordCheck>(machine->respond("secret"));
  EXPECT_EQ(check.user, "a@b.example");
  EXPECT_EQ(check.password, "secret");
  EXPECT_EQ(get<Success>(machine->answer(Granted{"a"})).account, "a");
}

TEST(Login, takes_the_name_as_initial_response) {
  auto machine = make_mechanism(MechanismName::login, {});
  EXPECT_EQ(get<Challenge>(machine->respond("a")).bytes, "Password:");
  EXPECT_EQ(get<Failure>(machine->respond("")), Failure::malformed);
}

TEST(External, asks_whether_the_certificate_may_act_as_the_name) {
  MechanismInputs with;
  with.certificate_identity = "app@example.com";
  auto machine = make_mechanism(MechanismName::external, with);
  EXPECT_EQ(get<Challenge>(machine->respond(std::nullopt)).bytes, "");
  auto const check = asked<ExternalCheck>(machine->respond(""));
  EXPECT_EQ(check.certificate_identity, "app@example.com");
  EXPECT_EQ(check.user, "");
  auto without = make_mechanism(MechanismName::external, {});
  EXPECT_EQ(get<Failure>(without->respond("x")), Failure::denied);
}

TEST(Scram, does_the_exchange_of_rfc_7677_exactly) {
  auto machine = make_mechanism(scram_name, inputs());
  EXPECT_EQ(asked<ScramLookup>(machine->respond("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")).user, "user");
  EXPECT_EQ(get<Challenge>(machine->answer(pencil())).bytes,
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  EXPECT_EQ(
      get<Challenge>(machine->respond("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                      "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
          .bytes,
      "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  EXPECT_EQ(get<Success>(machine->respond("")).account, "user@example.com");
}

TEST(Scram, refuses_an_unknown_user_only_at_the_proof) {
  auto machine = make_mechanism(scram_name, inputs());
  asked<ScramLookup>(machine->respond("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
  ScramFound fake = pencil();
  fake.usable = false;
  get<Challenge>(machine->answer(fake));
  EXPECT_EQ(
      get<Failure>(machine->respond("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")),
      Failure::denied);
}

TEST(Scram, refuses_the_downgrade_only_when_plus_was_offered) {
  MechanismInputs offered = inputs();
  offered.plus_offered = true;
  offered.channel_binding = "channel";
  EXPECT_EQ(get<Failure>(make_mechanism(scram_name, offered)->respond("y,,n=user,r=abc")),
            Failure::downgrade);
  asked<ScramLookup>(make_mechanism(scram_name, inputs())->respond("y,,n=user,r=abc"));
  asked<ScramLookup>(make_mechanism(scram_name, offered)->respond("n,,n=user,r=abc"));
}

TEST(Scram, takes_channel_binding_only_under_the_plus_name_and_only_tls_exporter) {
  MechanismInputs offered = inputs();
  offered.plus_offered = true;
  offered.channel_binding = "channel";
  for (std::string_view const text :
       {"n,,n=user,r=abc", "y,,n=user,r=abc", "p=tls-unique,,n=user,r=abc"}) {
    EXPECT_EQ(get<Failure>(make_mechanism(plus_name, offered)->respond(text)), Failure::malformed);
  }
  asked<ScramLookup>(make_mechanism(plus_name, offered)->respond("p=tls-exporter,,n=user,r=abc"));
  EXPECT_EQ(
      get<Failure>(make_mechanism(scram_name, offered)->respond("p=tls-exporter,,n=user,r=abc")),
      Failure::malformed);
}

/// Plays a client of SCRAM-SHA-256-PLUS that sees `client_channel`.
Outcome plus_exchange(std::string_view client_channel) {
  MechanismInputs offered = inputs();
  offered.plus_offered = true;
  offered.channel_binding = "the server's channel";
  auto machine = make_mechanism(plus_name, offered);
  asked<ScramLookup>(machine->respond("p=tls-exporter,,n=user,r=abc"));
  std::string const server_first = get<Challenge>(machine->answer(pencil())).bytes;
  std::string const binding = base64_encode("p=tls-exporter,," + std::string{client_channel});
  std::string const without = "c=" + binding + ",r=abc" + inputs().nonce;
  std::string const auth = "n=user,r=abc," + server_first + "," + without;
  std::string const salt = base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==").value();
  auto const secrets = scram::client_secrets({"pencil", salt, 4096}, auth);
  return machine->respond(without + ",p=" + base64_encode(secrets.proof));
}

TEST(ScramPlus, refuses_a_right_proof_over_another_channel) {
  EXPECT_TRUE(std::holds_alternative<Challenge>(plus_exchange("the server's channel")));
  EXPECT_EQ(get<Failure>(plus_exchange("the channel of a man in the middle")), Failure::denied);
}

TEST(Scram, refuses_another_nonce_and_data_behind_its_end) {
  auto machine = make_mechanism(scram_name, inputs());
  asked<ScramLookup>(machine->respond("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
  get<Challenge>(machine->answer(pencil()));
  EXPECT_EQ(get<Failure>(machine->respond("c=biws,r=rOprNGfwEbeRWgbNEkqOother,"
                                          "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")),
            Failure::malformed);
}
}  // namespace
}  // namespace pb::sasl
