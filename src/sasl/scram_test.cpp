// scram_test.cpp: SCRAM messages and keys against the RFCs' examples.
// Spec: RFC 5802 §5, §7; RFC 7677 §3 (the example, exactly).
#include "sasl/scram.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace pb::sasl::scram {
namespace {
using namespace std::string_view_literals;
constexpr std::string_view nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
std::string const auth_message =
    "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,"
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr std::string_view proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
constexpr std::string_view signature = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
std::string const salt = base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==").value();

TEST(ScramKeys, are_those_of_the_example_in_rfc_7677) {
  ScramKeys const keys = derive_keys("pencil", salt, 4096);
  EXPECT_TRUE(proof_is_right(keys, auth_message, base64_decode(proof).value()));
  EXPECT_EQ(base64_encode(server_signature(keys, auth_message)), signature);
  ClientSecrets const secrets = client_secrets({"pencil", salt, 4096}, auth_message);
  EXPECT_EQ(base64_encode(secrets.proof), proof);
  EXPECT_EQ(base64_encode(secrets.server_signature), signature);
}

TEST(ScramKeys, refuse_a_proof_with_any_one_bit_wrong_and_one_of_another_length) {
  ScramKeys const keys = derive_keys("pencil", salt, 4096);
  std::string const right = base64_decode(proof).value();
  for (std::size_t bit = 0; bit < right.size() * 8; ++bit) {
    std::string wrong = right;
    wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(proof_is_right(keys, auth_message, wrong)) << bit;
  }
  EXPECT_FALSE(proof_is_right(keys, auth_message, right.substr(1)));
  EXPECT_FALSE(proof_is_right(keys, auth_message, ""));
  EXPECT_FALSE(proof_is_right(keys, auth_message + " ", right));
}

TEST(ScramMessages, read_the_example_in_rfc_7677) {
  auto const first = parse_client_first("n,,n=user,r=rOprNGfwEbeRWgbNEkqO").value();
  EXPECT_EQ(first.flag, BindingFlag::unsupported);
  EXPECT_EQ(first.user, "user");
  EXPECT_EQ(first.nonce, "rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(first.gs2_header, "n,,");
  EXPECT_EQ(first.bare, "n=user,r=rOprNGfwEbeRWgbNEkqO");
  std::string const server_first = "r=" + std::string{nonce} + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
  auto const server = parse_server_first(server_first).value();
  EXPECT_EQ(server.nonce, nonce);
  EXPECT_EQ(server.salt, salt);
  EXPECT_EQ(server.iterations, 4096U);
  auto const final =
      parse_client_final("c=biws,r=" + std::string{nonce} + ",p=" + std::string{proof}).value();
  EXPECT_EQ(final.channel_binding, "n,,");
  EXPECT_EQ(final.without_proof, "c=biws,r=" + std::string{nonce});
  EXPECT_EQ(parse_server_final("v=" + std::string{signature}).value().signature.size(), 32U);
  EXPECT_EQ(parse_server_final("e=invalid-proof").value().error, "invalid-proof");
}

TEST(ScramMessages, undo_the_escapes_of_names_and_write_them) {
  auto const first = parse_client_first("p=tls-exporter,a=b=2Cc,n=u=3D=2Cx,r=abc,q=ext").value();
  EXPECT_EQ(first.flag, BindingFlag::used);
  EXPECT_EQ(first.binding_name, "tls-exporter");
  EXPECT_EQ(first.authorization_identity, "b,c");
  EXPECT_EQ(first.user, "u=,x");
  EXPECT_EQ(escape_name("u=,x"), "u=3D=2Cx");
}

TEST(ScramMessages, refuse_what_the_grammar_does_not_have) {
  for (std::string_view const text : {"",
                                      "n",
                                      "n,",
                                      "n,,",
                                      "x,,n=u,r=a",
                                      "n,b,n=u,r=a",
                                      "n,a=,n=u,r=a",
                                      "p=,,n=u,r=a",
                                      "p=tls exporter,,n=u,r=a",
                                      "n,,n=,r=a",
                                      "n,,n=u",
                                      "n,,n=u,r=",
                                      "n,,r=a,n=u",
                                      "n,,n=u=2c,r=a",
                                      "n,,n=u=,r=a",
                                      "n,,n=u,r=a b",
                                      "n,,n=u,r=a,",
                                      "n,,n=u,r=a,1=x",
                                      "n,,n=\xFF,r=a",
                                      "n,,n=u,r=\xC3\xA4"}) {
    EXPECT_FALSE(parse_client_first(text)) << text;
  }
  EXPECT_FALSE(parse_client_first("n,,n=u\0x,r=a"sv));
  EXPECT_EQ(parse_client_first("n,,m=x,n=u,r=a").error(), ParseError::extension);
  EXPECT_EQ(parse_client_first("n,,n=u,r=" + std::string(9000, 'a')).error(), ParseError::too_long);
  for (std::string_view const text :
       {"", "r=a", "r=a,s=,i=1", "r=a,s=!!!!,i=4096", "r=a,s=YQ==,i=", "r=a,s=YQ==,i=0",
        "r=a,s=YQ==,i=04096", "r=a,s=YQ==,i=-1", "r=a,s=YQ==,i=99999999999", "r=a,s=YQ==,i=4096x",
        "s=YQ==,r=a,i=4096", "m=1,r=a,s=YQ==,i=4096"}) {
    EXPECT_FALSE(parse_server_first(text)) << text;
  }
  for (std::string_view const text : {"", "c=biws,r=a", "c=biws,r=a,p=", "c=biws,r=a,p=YQ==",
                                      "c=!,r=a,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                                      "c=biws,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="}) {
    EXPECT_FALSE(parse_client_final(text)) << text;
  }
  for (std::string_view const text : {"", "v=", "v=YQ==", "e=", "x=1", "v=!"}) {
    EXPECT_FALSE(parse_server_final(text)) << text;
  }
}

TEST(ScramMessages, skip_optional_extensions) {
  EXPECT_TRUE(parse_client_first("n,,n=u,r=a,x=1,y=2"));
  EXPECT_TRUE(parse_server_first("r=a,s=YQ==,i=4096,x=1"));
  EXPECT_TRUE(parse_client_final("c=biws,r=a,x=1,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
}

TEST(ConstantTime, compares_length_and_every_octet) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}
}  // namespace
}  // namespace pb::sasl::scram
