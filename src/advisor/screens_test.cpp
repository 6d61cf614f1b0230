// screens_test.cpp: the screens of ports, advise and explain in three languages.
// Spec: docs/terms.md; docs/reference/command-line.md.
#include "advisor/screens.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "advisor/messages.hpp"
#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "text/terms.hpp"

namespace pb::advisor {
namespace {
using text::Language;

TEST(Messages, keep_to_the_terms) {
  std::ifstream file{PB_SOURCE_DIR "/docs/terms.md"};
  std::stringstream all;
  all << file.rdbuf();
  auto const terms = text::parse_terms(all.str());
  // The same words in both scripts, by nature.
  auto const same = [](std::string_view id) {
    return id == "advise.next" || id == "probe.from_here";
  };
  for (auto const& message : catalogue) {
    if (same(message.id)) continue;
    for (auto const& complaint : text::complaints(message.text, terms)) {
      ADD_FAILURE() << message.id << ": " << complaint;
    }
  }
}

void expect_fits(std::string const& screen) {
  for (auto line : ascii::split(screen, '\n')) EXPECT_LE(utf8::columns(line), 80U) << line;
}

TEST(Screens, fit_eighty_columns_in_every_language) {
  AdviceRequest const request{.program = find_program("wordpress"),
                              .network = find_network("digitalocean"),
                              .provider = find_provider("sendgrid")};
  for (auto language : text::all_languages) {
    expect_fits(ports_screen(language));
    for (auto const& port : ports()) expect_fits(port_screen(language, port.port));
    expect_fits(advice_screen(language, request));
    expect_fits(explanation_screen(language, *explain("wrong version number"), ""));
    expect_fits(unknown_screen(language, ""));
  }
}

TEST(Advice, a_blocked_port_comes_last_and_2525_is_chosen_on_a_host_that_blocks_the_others) {
  AdviceRequest const request{.program = find_program("wordpress"),
                              .network = find_network("digitalocean"),
                              .provider = find_provider("sendgrid")};
  EXPECT_EQ(choices(request).front().port, 2525);
  EXPECT_TRUE(advice_screen(Language::en, request).starts_with("Use port 2525 with STARTTLS."));
  EXPECT_TRUE(advice_screen(Language::zh_hant, request)
                  .starts_with("請用連接埠（端口）2525 和 STARTTLS。"));
  EXPECT_TRUE(
      advice_screen(Language::zh_hans, request).starts_with("请使用端口 2525 和 STARTTLS。"));
}

TEST(Advice, a_provider_with_only_465_gets_465_without_apology) {
  AdviceRequest const request{.program = find_program("outlook"),
                              .provider = find_provider("exmail")};
  auto const screen = advice_screen(Language::en, request);
  EXPECT_TRUE(screen.starts_with("Use port 465 with SSL/TLS.")) << screen;
  EXPECT_TRUE(screen.contains("the right choice here")) << screen;
}

TEST(Advice, gmail_where_all_is_blocked_has_no_port_left) {
  AdviceRequest const request{.network = find_network("digitalocean"),
                              .provider = find_provider("gmail")};
  EXPECT_TRUE(advice_screen(Language::en, request).starts_with("No port of Gmail"));
}

TEST(Advice, preference_orders_what_works) {
  EXPECT_EQ(choices({.provider = find_provider("gmail")}).front().port, 587);
  EXPECT_EQ(
      choices({.provider = find_provider("gmail"), .preference = Preference::rfc8314}).front().port,
      465);
  EXPECT_EQ(choices({.provider = find_provider("smtp2go"), .preference = Preference::provider})
                .front()
                .port,
            2525);
}

TEST(Advice, never_proposes_25_or_cleartext) {
  for (auto const& provider : providers()) {
    for (auto preference : {Preference::founding, Preference::rfc8314, Preference::provider}) {
      for (auto const& choice : choices({.provider = &provider, .preference = preference})) {
        EXPECT_NE(choice.port, 25) << provider.id;
        EXPECT_TRUE(choice.security == Security::starttls ||
                    choice.security == Security::implicit_tls);
      }
    }
  }
}

TEST(Explanation, the_screen_begins_with_what_happened) {
  auto const found = explain("SSL routines:ssl3_get_record:wrong version number");
  ASSERT_TRUE(found);
  EXPECT_EQ(explanation_screen(Language::en, *found, ""),
            R"(Taken as an error text.

Your program began with TLS, and the server answered in plain text.

  Most often: Keep the port (587 or 2525) and set STARTTLS, which many programs
              call "TLS"; or keep SSL/TLS and set the port to 465.
  Less often: A web server answers on this port.
  Less often: The server agreed to TLS and then answered with something else.
  Not the answer: switching certificate checks off. That hides the fault and
  gives the password to anybody.
  Same fault elsewhere: OpenSSL: "wrong version number"; Python: "[SSL:
                        WRONG_VERSION_NUMBER]"; Go: "first record does not look
                        like a TLS handshake"; Java: "Unrecognized SSL message,
                        plaintext connection?"
  Name of the fault: implicit-tls-on-starttls-port

To be sure:  packetboat probe HOST
)");
}
}  // namespace
}  // namespace pb::advisor
