// verify_test.cpp: which chains fit which TLSA records, and which only seem to.
// Spec: verify.hpp. OpenSSL's own cases: tests/end_to_end/record_suites_test.py.
#include "dane/verify.hpp"

#include <gtest/gtest.h>

#include "dane/test_certificates.hpp"

namespace pb::dane {
namespace {
constexpr std::int64_t now = 1'795'000'000;
constexpr std::int64_t week = 7 * 24 * 60 * 60;
using Made = TestCertificate;

struct World {
  Made issuer{"Issuer", now, nullptr};
  Made server{"mx.example.com", now, &issuer};
  ChainQuestion question{.chain = {server.der(), issuer.der()},
                         .records = {},
                         .names = {"mx.example.com"},
                         .now = now};
  Match judge(dns::Tlsa record) {
    question.records = {std::move(record)};
    return verify_chain(question).match;
  }
};

TEST(DaneChain, every_selector_and_matching_type_of_the_servers_own_certificate_fits) {
  World world;
  auto const whole = world.server.der();
  auto const key = world.server.key_der();
  EXPECT_EQ(world.judge({3, 0, 0, whole}), Match::matches);
  EXPECT_EQ(world.judge({3, 0, 1, Made::sha256(whole)}), Match::matches);
  EXPECT_EQ(world.judge({3, 0, 2, Made::sha512(whole)}), Match::matches);
  EXPECT_EQ(world.judge({3, 1, 0, key}), Match::matches);
  EXPECT_EQ(world.judge({3, 1, 1, Made::sha256(key)}), Match::matches);
  EXPECT_EQ(world.judge({3, 1, 2, Made::sha512(key)}), Match::matches);
  EXPECT_EQ(world.judge({3, 1, 1, std::string(32, 'x')}), Match::no_record);
}

TEST(DaneChain, dane_ee_looks_at_no_name_and_no_date) {
  World world;
  world.question.names = {"other.example"};
  world.question.now = now + week;
  EXPECT_EQ(world.judge({3, 1, 1, Made::sha256(world.server.key_der())}), Match::matches);
}

TEST(DaneChain, dane_ta_wants_one_of_the_names_and_the_dates) {
  World world;
  dns::Tlsa const record{2, 0, 1, Made::sha256(world.issuer.der())};
  EXPECT_EQ(world.judge(record), Match::matches);
  EXPECT_EQ(verify_chain(world.question).depth, 1U);
  world.question.names = {"example.com", "mx.example.com"};
  EXPECT_EQ(world.judge(record), Match::matches);
  world.question.names = {"other.example"};
  EXPECT_EQ(world.judge(record), Match::wrong_name);
  world.question.names = {"mx.example.com"};
  world.question.now = now + week;
  EXPECT_EQ(world.judge(record), Match::broken);
}

TEST(DaneChain, an_issuer_that_did_not_sign_the_server_proves_nothing) {
  World world;
  Made const stranger{"Issuer", now, nullptr};  // the same name, another key
  Made const forged{"mx.example.com", now, &stranger};
  world.question.chain = {forged.der(), world.issuer.der()};
  EXPECT_NE(world.judge({2, 0, 1, Made::sha256(world.issuer.der())}), Match::matches);
}

TEST(DaneChain, an_issuers_key_in_the_record_need_not_be_sent) {
  World world;
  world.question.chain = {world.server.der()};
  EXPECT_EQ(world.judge({2, 1, 0, world.issuer.key_der()}), Match::matches);
}

TEST(DaneChain, records_for_the_web_are_unusable_and_garbage_is_no_chain) {
  World world;
  EXPECT_EQ(world.judge({0, 1, 1, std::string(32, 'x')}), Match::unusable);
  EXPECT_EQ(world.judge({3, 1, 1, std::string(31, 'x')}), Match::unusable);
  world.question.chain = {"no certificate"};
  EXPECT_EQ(world.judge({3, 1, 1, std::string(32, 'x')}), Match::no_chain);
  EXPECT_TRUE(certificates_of_pem("-----BEGIN CERTIFICATE-----\nAAAA\n").empty());
}
}  // namespace
}  // namespace pb::dane
