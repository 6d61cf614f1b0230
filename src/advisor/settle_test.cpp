// settle_test.cpp: one measurement leaves one of the causes that a text may have.
// Spec: settle.hpp; the test column of the symptom table.
#include "advisor/settle.hpp"

#include <gtest/gtest.h>

#include "base/utf8.hpp"

namespace pb::advisor {
namespace {
using text::Language;

Verdict seen(std::uint16_t port, Security security, std::vector<Fault> faults = {}) {
  Verdict out;
  out.ports = {{.port = port,
                .attempts = {{.faults = std::move(faults), .notes = {}, .security = security}}}};
  return out;
}

TEST(Settle, wrong_version_number_at_a_healthy_starttls_port_is_the_programs_setting) {
  auto const said = *explain("SSL routines:ssl3_get_record:wrong version number");
  EXPECT_EQ(port_to_measure(said), 587);
  auto const left = settle(said, seen(587, Security::starttls), 587);
  EXPECT_EQ(left.how, Settled::How::fits);
  EXPECT_EQ(left.fault, Fault::implicit_tls_on_starttls_port);
}

TEST(Settle, wrong_version_number_at_a_web_server_is_the_web_server) {
  auto const said = *explain("wrong version number");
  auto const left = settle(said, seen(587, Security::none, {Fault::web_server_answers}), 587);
  EXPECT_EQ(left.how, Settled::How::measured);
  EXPECT_EQ(left.fault, Fault::web_server_answers);
}

TEST(Settle, silence_in_a_program_that_speaks_first_on_465_is_its_setting) {
  auto const said = *explain("Greeting never received");
  EXPECT_EQ(settle(said, seen(465, Security::implicit_tls), 465).fault,
            Fault::cleartext_on_tls_port);
}

TEST(Settle, a_chain_that_verifies_here_leaves_old_issuers_over_there) {
  auto const said = *explain("unable to get local issuer certificate");
  auto const left = settle(said, seen(587, Security::starttls), 587);
  EXPECT_EQ(left.how, Settled::How::fits);
  EXPECT_EQ(left.fault, Fault::cert_ca_store_old);
}

TEST(Settle, a_timeout_that_is_not_seen_here_is_to_be_measured_over_there) {
  auto const said = *explain("Connection timed out (110)");
  EXPECT_TRUE(needs_controls(said));
  EXPECT_EQ(settle(said, seen(587, Security::starttls), 587).how, Settled::How::not_here);
}

TEST(Settle, another_fault_than_the_text_speaks_of_is_said) {
  auto const said = *explain("Connection timed out (110)");
  auto const left = settle(said, seen(587, Security::none, {Fault::cert_expired}), 587);
  EXPECT_EQ(left.how, Settled::How::something);
  EXPECT_EQ(left.fault, Fault::cert_expired);
}

TEST(Settle, a_refused_login_at_a_healthy_server_stays_the_login) {
  auto const said = *explain("535 5.7.8 Username and Password not accepted");
  EXPECT_EQ(settle(said, seen(587, Security::starttls), 587).how, Settled::How::fits);
}

TEST(Settle, the_screen_fits_eighty_columns_and_names_the_next_line) {
  auto const said = *explain("wrong version number");
  auto const left = settle(said, seen(587, Security::starttls), 587);
  for (auto language : text::all_languages) {
    auto const screen = settled_screen(language, left, "smtp.example.com", 587);
    EXPECT_TRUE(screen.ends_with("packetboat probe smtp.example.com --port 587\n")) << screen;
    EXPECT_TRUE(screen.contains("implicit-tls-on-starttls-port")) << screen;
  }
  EXPECT_FALSE(settled_screen(Language::en, left, "a\x1b[2J", 587).contains('\x1b'));
}
}  // namespace
}  // namespace pb::advisor
