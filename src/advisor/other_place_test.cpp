// other_place_test.cpp: two views of one port and what they say together; views as text.
// Spec: other_place.hpp; docs/reference/xprobe.md.
#include "advisor/other_place.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "advisor/other_place_messages.hpp"
#include "advisor/other_place_screen.hpp"
#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "text/terms.hpp"

namespace pb::advisor {
namespace {
using Family = PortView::Family;
using Told = ToldPort::Told;

PortView good() { return {Family::ipv4, Tcp::open, Security::starttls, "1.3", {}}; }
PortView closed(Tcp tcp, Fault fault) { return {Family::ipv4, tcp, Security::none, "", {fault}}; }
PortView open_with(Fault fault) {
  return {Family::ipv4, Tcp::open, Security::cleartext, "", {fault}};
}
PortView const silent = closed(Tcp::timeout, Fault::host_silent);
PortView const blocked = closed(Tcp::timeout, Fault::port_blocked_here);
PortView const refused = closed(Tcp::refused, Fault::connection_refused);
Contrast of(PortView const& here, PortView const& there) { return compare(&here, &there); }

TEST(Compare, a_port_that_is_open_there_and_not_here_is_blocked_on_the_way_from_here) {
  EXPECT_EQ(of(silent, good()), Contrast::blocked_here);
  EXPECT_EQ(of(refused, good()), Contrast::blocked_here);
  EXPECT_EQ(of(closed(Tcp::local_policy, Fault::local_policy), good()), Contrast::blocked_here);
  EXPECT_EQ(of(silent, open_with(Fault::cert_expired)), Contrast::blocked_here)
      << "what is wrong behind the connection is another matter";
}

TEST(Compare, a_port_that_is_open_here_and_not_there_is_blocked_on_the_way_from_there) {
  EXPECT_EQ(of(good(), silent), Contrast::blocked_there);
  EXPECT_EQ(of(open_with(Fault::cert_expired), refused), Contrast::blocked_there);
}

TEST(Compare, what_is_in_order_from_one_place_alone_is_changed_on_the_way_to_the_other) {
  EXPECT_EQ(of(open_with(Fault::starttls_stripped), good()), Contrast::changed_here);
  EXPECT_EQ(of(good(), open_with(Fault::cert_unknown_issuer)), Contrast::changed_there);
}

TEST(Compare, what_fails_in_the_same_way_from_both_is_the_same) {
  EXPECT_EQ(of(good(), good()), Contrast::same_in_order);
  EXPECT_EQ(of(blocked, silent), Contrast::same_fault) << "the name hangs on what lies around";
  EXPECT_EQ(of(refused, refused), Contrast::same_fault);
  EXPECT_EQ(of(silent, refused), Contrast::both_fail);
  EXPECT_EQ(of(open_with(Fault::starttls_stripped), open_with(Fault::starttls_not_offered)),
            Contrast::same_fault);
  EXPECT_EQ(of(open_with(Fault::starttls_stripped), open_with(Fault::cert_expired)),
            Contrast::both_fail);
}

TEST(Compare, a_name_that_only_one_side_finds_is_no_block) {
  PortView const nowhere{Family::none, Tcp::unknown, Security::none, "", {Fault::name_not_found}};
  EXPECT_EQ(of(nowhere, good()), Contrast::no_name_here);
  EXPECT_EQ(of(nowhere, refused), Contrast::no_name_here);
  EXPECT_EQ(of(good(), nowhere), Contrast::changed_there);
  EXPECT_EQ(of(nowhere, nowhere), Contrast::same_fault);
}

TEST(Compare, says_nothing_where_one_side_is_missing) {
  PortView const here = good();
  EXPECT_EQ(compare(&here, nullptr), Contrast::not_compared);
  EXPECT_EQ(compare(nullptr, &here), Contrast::not_compared);
}

/// A probe of ports with one IPv4 attempt each.
struct Probed {
  ProbeFacts facts;
  Verdict verdict;
  void add(std::uint16_t port, Tcp tcp, std::vector<Fault> faults) {
    AttemptFacts attempt;
    attempt.connect.tcp = tcp;
    facts.ports.push_back({port, {attempt}});
    AttemptVerdict judged;
    judged.security = faults.empty() ? Security::starttls : Security::none;
    judged.faults = std::move(faults);
    PortVerdict one;
    one.port = port;
    one.attempts = {judged};
    verdict.ports.push_back(one);
    if (port != 25) verdict.wanted.push_back(port);
  }
};
ToldPort told(std::uint16_t port, PortView view) {
  return {.port = port, .told = Told::measured, .views = {std::move(view)}};
}
using Ports = std::vector<std::uint16_t>;

TEST(ComparePlaces, names_the_ports_that_this_network_blocks) {
  Probed probed;
  probed.add(25, Tcp::timeout, {Fault::port_blocked_here});
  probed.add(587, Tcp::timeout, {Fault::port_blocked_here});
  probed.add(2525, Tcp::open, {});
  auto const out = compare_places(probed.facts, probed.verdict,
                                  {told(587, good()), told(25, good()), told(2525, good())});
  EXPECT_EQ(out.finding, Contrast::blocked_here);
  EXPECT_EQ(out.because, (Ports{587, 25}));
  ASSERT_EQ(out.ports.size(), 3U);
  EXPECT_EQ(out.ports[0].port, 587) << "in the order of preference";
  EXPECT_EQ(out.ports[1].contrast, Contrast::same_in_order);
}

TEST(ComparePlaces, interference_outranks_a_block) {
  Probed probed;
  probed.add(587, Tcp::timeout, {Fault::port_blocked_here});
  probed.add(465, Tcp::open, {Fault::cert_intercepted});
  auto const out =
      compare_places(probed.facts, probed.verdict, {told(587, good()), told(465, good())});
  EXPECT_EQ(out.finding, Contrast::changed_here);
  EXPECT_EQ(out.because, Ports{465});
}

TEST(ComparePlaces, port_25_decides_only_where_nothing_else_was_compared) {
  Probed probed;
  probed.add(25, Tcp::timeout, {Fault::port_blocked_here});
  probed.add(587, Tcp::open, {});
  auto const both =
      compare_places(probed.facts, probed.verdict, {told(25, good()), told(587, good())});
  EXPECT_EQ(both.finding, Contrast::same_in_order);
  EXPECT_EQ(both.because, Ports{587});
  auto const alone = compare_places(probed.facts, probed.verdict, {told(25, good())});
  EXPECT_EQ(alone.finding, Contrast::blocked_here);
}

TEST(ComparePlaces, what_was_not_measured_there_is_not_compared) {
  Probed probed;
  probed.add(587, Tcp::open, {});
  probed.add(465, Tcp::open, {});
  auto const out = compare_places(probed.facts, probed.verdict,
                                  {{.port = 587, .told = Told::too_many, .views = {}}});
  EXPECT_EQ(out.finding, Contrast::not_compared);
  EXPECT_EQ(out.ports[0].told, Told::too_many);
  EXPECT_EQ(out.ports[1].told, Told::unread);
}

TEST(ComparePlaces, a_name_that_leads_nowhere_here_may_be_known_there) {
  Probed probed;
  probed.verdict.name_faults = {Fault::dns_no_answer};
  auto const out = compare_places(probed.facts, probed.verdict, {told(587, good())});
  EXPECT_EQ(out.finding, Contrast::no_name_here);
  ASSERT_TRUE(out.ports[0].here);
  EXPECT_EQ(out.ports[0].here->faults, std::vector{Fault::dns_no_answer});
}

TEST(Views, go_as_text_and_back) {
  std::vector<PortView> const views{good(),
                                    {Family::ipv6,
                                     Tcp::open,
                                     Security::implicit_tls,
                                     "1.2",
                                     {Fault::cert_expired, Fault::cert_name_mismatch}}};
  std::string const text = views_text(views);
  EXPECT_EQ(text,
            "family=ipv4 tcp=open security=starttls tls=1.3 faults=-\n"
            "family=ipv6 tcp=open security=implicit-tls tls=1.2 "
            "faults=cert-expired,cert-name-mismatch");
  auto const back = parse_views(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(views_text(*back), text);
}

TEST(Views, hold_every_fault_that_there_is) {
  for (FaultInfo const& row : faults()) {
    std::string const text = views_text({closed(Tcp::refused, row.fault)});
    auto const back = parse_views(text);
    ASSERT_TRUE(back) << row.name;
    EXPECT_EQ(back->front().faults, std::vector{row.fault});
  }
}

TEST(Views, of_another_program_are_not_guessed_at) {
  for (auto const* text :
       {"", "OK", "family=ipv4", "family=ipv4 tcp=open security=starttls tls=1.3",
        "family=ipv5 tcp=open security=starttls tls=1.3 faults=-",
        "family=ipv4 tcp=ajar security=starttls tls=1.3 faults=-",
        "family=ipv4 tcp=open security=some tls=1.3 faults=-",
        "family=ipv4 tcp=open security=starttls tls=9 faults=-",
        "family=ipv4 tcp=open security=starttls tls=1.3 faults=",
        "family=ipv4 tcp=open security=starttls tls=1.3 faults=nonsense",
        "family=ipv4 tcp=open security=starttls tls=1.3 faults=-\n",
        "family=none tcp=open security=none tls=- faults=-\nfamily=none tcp=open security=none "
        "tls=- faults=-\nfamily=none tcp=open security=none tls=- faults=-"}) {
    EXPECT_FALSE(parse_views(text)) << text;
  }
  EXPECT_TRUE(parse_views("family=ipv4 tcp=open security=starttls tls=1.3 faults=- later=1"));
}

TEST(Views, of_a_name_that_leads_nowhere_hold_its_fault) {
  Verdict verdict;
  verdict.name_faults = {Fault::name_not_found};
  auto const views = views_of({}, verdict, 587);
  EXPECT_EQ(views_text(views), "family=none tcp=unknown security=none tls=- faults=name-not-found");
}

TEST(Views, the_one_in_order_decides_then_an_open_one) {
  std::vector<PortView> views{silent, good()};
  EXPECT_EQ(deciding(views), &views[1]);
  views[1] = open_with(Fault::cert_expired);
  EXPECT_EQ(deciding(views), &views[1]);
  views[1] = refused;
  EXPECT_EQ(deciding(views), &views[0]);
  EXPECT_EQ(deciding({}), nullptr);
}

using text::Language;
constexpr std::string_view host = "smtp.example.com";
constexpr std::string_view server = "mail.example.org";

TEST(OtherPlaceScreen, shows_two_columns_and_one_sentence) {
  Probed probed;
  probed.add(587, Tcp::timeout, {Fault::port_blocked_here});
  probed.add(465, Tcp::open, {Fault::cert_expired});
  auto const comparison =
      compare_places(probed.facts, probed.verdict,
                     {told(587, good()), {.port = 465, .told = Told::too_many, .views = {}}});
  EXPECT_EQ(other_place_screen(Language::en, comparison, host, server),
            "  port  from here     from mail.example.org\n"
            "  587   no answer     open, STARTTLS, TLS 1.3\n"
            "  465   cert-expired  asked too often\n"
            "\n"
            "587: reachable from mail.example.org, not from here. The network between, or\n"
            "this computer, blocks it; smtp.example.com is not the cause.\n");
  EXPECT_EQ(other_place_sentence(Language::zh_hant, comparison, host, server),
            "587：從 mail.example.org 連得到，從這裡連不到。是中間的網路或這台電腦封鎖，原因不在 "
            "smtp.example.com。");
  EXPECT_EQ(other_place_sentence(Language::zh_hans, comparison, host, server),
            "587：从 mail.example.org 连得到，从这里连不到。是中间的网络或这台电脑封锁，原因不在 "
            "smtp.example.com。");
}

TEST(OtherPlaceScreen, has_a_sentence_for_every_finding_in_three_languages) {
  for (auto const finding :
       {Contrast::not_compared, Contrast::same_in_order, Contrast::same_fault, Contrast::both_fail,
        Contrast::no_name_here, Contrast::blocked_here, Contrast::changed_here,
        Contrast::blocked_there, Contrast::changed_there}) {
    PlaceComparison comparison;
    comparison.finding = finding;
    comparison.because = {587, 465};
    for (auto const language : text::all_languages) {
      auto const sentence = other_place_sentence(language, comparison, host, server);
      EXPECT_TRUE(sentence.contains(server)) << sentence;
      EXPECT_EQ(sentence.contains("465"), finding != Contrast::not_compared) << sentence;
    }
  }
}

TEST(OtherPlaceScreen, fits_eighty_columns_and_shows_nothing_raw) {
  PlaceComparison comparison;
  comparison.finding = Contrast::changed_there;
  comparison.because = {587, 2525, 465};
  comparison.ports = {{.port = 587, .here = good(), .there = {}, .contrast = comparison.finding}};
  for (auto const language : text::all_languages) {
    auto const screen = other_place_screen(language, comparison, "\x1b[31mred", server);
    EXPECT_EQ(screen.find('\x1b'), std::string::npos);
    for (auto const line : ascii::split(screen, '\n')) EXPECT_LE(utf8::columns(line), 80U) << line;
  }
}

TEST(OtherPlaceMessages, keep_to_the_terms) {
  std::ifstream file{PB_SOURCE_DIR "/docs/terms.md"};
  std::stringstream all;
  all << file.rdbuf();
  auto const terms = text::parse_terms(all.str());
  for (auto const& message : other_place_catalogue)
    for (auto const& complaint : text::complaints(message.text, terms))
      ADD_FAILURE() << message.id << ": " << complaint;
}
}  // namespace
}  // namespace pb::advisor
