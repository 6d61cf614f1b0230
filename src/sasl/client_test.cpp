// client_test.cpp: what a client sends, which mechanism it takes, and which servers it distrusts.
// Spec: RFC 7677 §3, RFC 5802 §6, RFC 7628 §4.              Not here: interop (gsasl_test.cpp).
#include "sasl/client.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace pb::sasl {
namespace {
using namespace std::string_literals;
using Name = ClientMechanismName;

ClientInputs pencil() {
  ClientInputs inputs;
  inputs.credentials = {"user", "pencil", ""};
  inputs.nonce = "rOprNGfwEbeRWgbNEkqO";
  return inputs;
}
constexpr std::string_view server_first =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

TEST(ScramClient, does_the_exchange_of_rfc_7677_exactly) {
  auto client = make_client_mechanism(Name::scram_sha_256, pencil());
  EXPECT_EQ(client->initial_response().value(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(client->respond(server_first).value(),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_FALSE(client->may_trust_success());
  EXPECT_EQ(client->respond("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").value(), "");
  EXPECT_TRUE(client->may_trust_success());
}

TEST(ScramClient, distrusts_a_server_without_our_keys_or_with_another_nonce) {
  auto client = make_client_mechanism(Name::scram_sha_256, pencil());
  ASSERT_TRUE(client->initial_response());
  ASSERT_TRUE(client->respond(server_first));
  EXPECT_EQ(client->respond("v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").error(),
            ClientError::server_not_authentic);
  EXPECT_FALSE(client->may_trust_success());
  for (std::string_view const nonce :
       {"rOprNGfwEbeRWgbNEkqO", "other", "xOprNGfwEbeRWgbNEkqOabc"}) {
    auto other = make_client_mechanism(Name::scram_sha_256, pencil());
    ASSERT_TRUE(other->initial_response());
    EXPECT_EQ(other->respond("r=" + std::string{nonce} + ",s=YQ==,i=4096").error(),
              ClientError::server_not_authentic);
  }
}

TEST(ScramClient, refuses_too_few_and_too_many_iterations) {
  for (std::string_view const count : {"1", "4095", "1000001", "4294967295"}) {
    auto client = make_client_mechanism(Name::scram_sha_256, pencil());
    ASSERT_TRUE(client->initial_response());
    EXPECT_EQ(client->respond("r=rOprNGfwEbeRWgbNEkqOx,s=YQ==,i=" + std::string{count}).error(),
              ClientError::iterations);
  }
}

TEST(ScramClient, says_whether_it_could_have_bound_to_the_channel) {
  ClientInputs inputs = pencil();
  inputs.channel_binding = "channel";
  EXPECT_TRUE(make_client_mechanism(Name::scram_sha_256, inputs)
                  ->initial_response()
                  ->value()
                  .starts_with("y,,"));
  inputs.plus_offered = true;  // e.g. -PLUS failed before: "y" would now be a lie
  EXPECT_TRUE(make_client_mechanism(Name::scram_sha_256, inputs)
                  ->initial_response()
                  ->value()
                  .starts_with("n,,"));
  EXPECT_TRUE(make_client_mechanism(Name::scram_sha_256_plus, inputs)
                  ->initial_response()
                  ->value()
                  .starts_with("p=tls-exporter,,"));
}

TEST(PlainAndLogin, send_the_name_and_the_password) {
  EXPECT_EQ(make_client_mechanism(Name::plain, pencil())->initial_response().value(),
            "\0user\0pencil"s);
  auto login = make_client_mechanism(Name::login, pencil());
  EXPECT_EQ(login->initial_response().value(), std::nullopt);
  EXPECT_EQ(login->respond("VXNlcg").value(), "user");
  EXPECT_EQ(login->respond("").value(), "pencil");
  EXPECT_TRUE(login->may_trust_success());
  EXPECT_EQ(login->respond("again").error(), ClientError::malformed);
}

TEST(PlainAndLogin, do_not_send_a_nul_or_an_empty_password) {
  ClientInputs inputs = pencil();
  inputs.credentials.password = "a\0b"s;
  EXPECT_EQ(make_client_mechanism(Name::plain, inputs)->initial_response().error(),
            ClientError::bad_credentials);
  inputs.credentials.password.clear();
  EXPECT_EQ(make_client_mechanism(Name::login, inputs)->initial_response().error(),
            ClientError::bad_credentials);
  EXPECT_EQ(make_client_mechanism(Name::scram_sha_256, inputs)->initial_response().error(),
            ClientError::bad_credentials);
}

TEST(Tokens, are_sent_as_rfc_7628_section_4_1_shows) {
  ClientInputs inputs;
  inputs.credentials = {"user@example.com", "", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="};
  inputs.host = "server.example.com";
  inputs.port = 143;
  auto client = make_client_mechanism(Name::oauthbearer, inputs);
  EXPECT_EQ(client->initial_response().value(),
            "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
            "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01");
  EXPECT_EQ(client->respond(R"({"status":"invalid_token"})").value(), "\x01");
  EXPECT_FALSE(client->may_trust_success());
  auto google = make_client_mechanism(Name::xoauth2, inputs);
  EXPECT_EQ(google->initial_response().value(),
            "user=user@example.com\x01"
            "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01");
  EXPECT_EQ(google->respond(R"({"status":"400"})").value(), "");
}

TEST(Tokens, with_control_characters_are_not_sent) {
  ClientInputs inputs;
  inputs.credentials = {"user", "", "token\x01host=other"};
  EXPECT_EQ(make_client_mechanism(Name::oauthbearer, inputs)->initial_response().error(),
            ClientError::bad_credentials);
}

TEST(Choice, takes_the_strongest_that_both_have) {
  std::vector<std::string> const offered{"login",  "PLAIN",  "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS",
                                         "GSSAPI", "XOAUTH2"};
  ClientInputs inputs = pencil();
  using Names = std::vector<Name>;
  EXPECT_EQ(choose_mechanisms(offered, inputs, true),
            (Names{Name::scram_sha_256, Name::plain, Name::login}));
  inputs.channel_binding = "channel";
  EXPECT_EQ(choose_mechanisms(offered, inputs, true).front(), Name::scram_sha_256_plus);
  EXPECT_EQ(choose_mechanisms(offered, pencil(), false), (Names{Name::scram_sha_256}));
  inputs.credentials.access_token = "t";
  EXPECT_EQ(choose_mechanisms(offered, inputs, true), (Names{Name::xoauth2}));
  EXPECT_TRUE(choose_mechanisms(offered, inputs, false).empty());
}
}  // namespace
}  // namespace pb::sasl
