// expansion_test.cpp: whom mail goes to behind aliases, catch-all and "+", and bounces that return.
// Spec: expansion.hpp.
#include "delivery/expansion.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "delivery/srs.hpp"

namespace pb::delivery {
namespace {
constexpr Instant now{std::chrono::days{20'000}};

struct World {
  std::set<std::string> mailboxes{"alice@us.example", "bob@us.example", "eve@two.example"};
  Expansion expansion;
  mail::Envelope envelope;

  explicit World(std::string_view rules, std::string catch_all = {}) {
    expansion.domains["us.example"] = {AliasTable::parse(rules).value(), std::move(catch_all),
                                       true};
    expansion.domains["two.example"] = {AliasTable::parse("all: eve, team@us.example\n").value(),
                                        "", false};
    expansion.has_mailbox = [this](mail::Mailbox const& mailbox) {
      return mailboxes.contains(mailbox.text());
    };
    expansion.address_of = [](std::string const& account) {
      return std::string{account == "clerk" ? "alice@us.example" : ""};
    };
    envelope.reverse_path.mailbox = box("sender@from.example");
  }
  World(World const&) = delete;
  World& operator=(World const&) = delete;

  static mail::Mailbox box(std::string_view text) {
    return mail::parse_mailbox(text, mail::Utf8::allow).value();
  }
  Expanded expand_all(std::initializer_list<std::string_view> recipients) {
    envelope.forward_paths.clear();
    for (std::string_view const one : recipients)
      envelope.forward_paths.push_back({box(one), {}, {}});
    return expand(envelope, expansion, now);
  }
  std::string to(std::initializer_list<std::string_view> recipients) {
    std::string out;
    for (mail::ForwardPath const& path : expand_all(recipients).forward_paths)
      out += (out.empty() ? "" : " ") + path.mailbox.text();
    return out;
  }
};

TEST(Expansion, follows_rules_over_all_our_domains) {
  World world{"postmaster: root\nroot: alice, bob@us.example\nteam: alice, carol@else.example\n"};
  EXPECT_EQ(world.to({"POSTMASTER@us.example"}), "alice@us.example bob@us.example");
  EXPECT_EQ(world.to({"all@two.example"}), "eve@two.example alice@us.example carol@else.example");
  EXPECT_EQ(world.to({"nobody@us.example"}), "nobody@us.example") << "a bounce will say so";
  EXPECT_EQ(world.to({"x@else.example"}), "x@else.example");
}

TEST(Expansion, postmaster_is_of_the_first_domain_where_none_is_said) {  // RFC 5321 §4.5.1
  World world{"team: bob\n"};
  world.expansion.home = "us.example";
  world.expansion.hostname = "mx.else.example";
  mail::Envelope envelope;
  envelope.forward_paths.push_back({{"Postmaster", {""}}, {}, {}});
  EXPECT_EQ(expand(envelope, world.expansion, now).forward_paths[0].mailbox.text(),
            "Postmaster@us.example");
  EXPECT_EQ(world.to({"abuse@mx.else.example"}), "abuse@us.example");
  EXPECT_EQ(world.to({"alice@mx.else.example"}), "alice@mx.else.example");
  world.expansion.postmaster = "clerk";
  EXPECT_EQ(world.to({"abuse@mx.else.example", "postmaster@two.example"}), "alice@us.example");
  world.expansion.postmaster = "chief@far.example";
  EXPECT_EQ(world.to({"postmaster@us.example"}), "chief@far.example");
  World own{"postmaster: bob\n"};
  own.expansion.postmaster = "clerk";
  EXPECT_EQ(own.to({"postmaster@us.example"}), "bob@us.example") << "its own rule comes first";
}

TEST(Expansion, each_address_gets_it_once) {
  World world{"team: alice, bob\n"};
  EXPECT_EQ(world.to({"alice@us.example", "team@us.example", "Alice@US.example"}),
            "alice@us.example bob@us.example");
}

TEST(Expansion, a_rule_that_names_itself_keeps_its_own_mailbox_and_circles_end) {
  World world{"bob: bob, dave@else.example\na: b\nb: c, x@else.example\nc: a\n"};
  EXPECT_EQ(world.to({"bob@us.example"}), "bob@us.example dave@else.example");
  EXPECT_EQ(world.to({"a@us.example"}), "x@else.example a@us.example");
}

TEST(Expansion, a_detail_is_left_out_where_the_plain_name_has_a_rule) {
  World world{"team: bob\n"};
  EXPECT_EQ(world.to({"team+x@us.example"}), "bob@us.example");
  EXPECT_EQ(world.to({"alice+x@us.example"}), "alice+x@us.example") << "the mailbox reads it";
  EXPECT_EQ(world.to({"all+x@two.example"}), "all+x@two.example") << "not where it is turned off";
}

TEST(Expansion, a_catch_all_takes_what_nobody_else_does) {
  World world{"team: bob\n", "lost@else.example"};
  EXPECT_EQ(world.to({"who@us.example"}), "lost@else.example");
  EXPECT_EQ(world.to({"alice@us.example"}), "alice@us.example");
  EXPECT_EQ(world.to({"alice+x@us.example"}), "alice+x@us.example");
  EXPECT_EQ(world.to({"team@us.example"}), "bob@us.example");
  World named{"", "clerk"};
  EXPECT_EQ(named.to({"who@us.example"}), "alice@us.example") << "an account's name";
}

TEST(Expansion, dsn_parameters_go_along) {
  World world{"team: alice, bob\n"};
  world.envelope.forward_paths = {
      {World::box("team@us.example"), {.specified = true, .never = true}, ""}};
  Expanded const out = expand(world.envelope, world.expansion, now);
  ASSERT_EQ(out.forward_paths.size(), 2U);
  EXPECT_TRUE(out.forward_paths[1].notify.never);
  EXPECT_EQ(out.forward_paths[1].original_recipient, "rfc822;team@us.example");
}

TEST(Expansion, what_goes_elsewhere_carries_our_address_and_bounces_return) {
  World world{"out: carol@else.example, bob\n"};
  EXPECT_TRUE(world.expand_all({"out@us.example"}).forwarded.empty()) << "without a secret";
  world.expansion.srs_secret = "0123456789abcdef";
  Expanded const out = world.expand_all({"bob@us.example", "out@us.example"});
  ASSERT_EQ(out.forward_paths.size(), 2U);
  ASSERT_EQ(out.forwarded.size(), 1U) << "not for our own mailbox";
  EXPECT_EQ(out.forwarded[0].recipient, 1U);
  mail::Mailbox const ours = out.forwarded[0].reverse_path;
  EXPECT_TRUE(ours.local_part.starts_with("SRS0="));
  EXPECT_EQ(ours.domain.text, "us.example");

  Instant const later = now + std::chrono::days{3};
  EXPECT_TRUE(takes_bounces(ours, world.expansion, later));
  world.envelope.reverse_path.mailbox.reset();
  world.envelope.forward_paths = {{ours, {}, {}}};
  EXPECT_EQ(expand(world.envelope, world.expansion, later).forward_paths[0].mailbox.text(),
            "sender@from.example");
}

TEST(Expansion, a_forged_or_old_bounce_address_leads_nowhere) {
  World world{""};
  world.expansion.srs_secret = "0123456789abcdef";
  auto const forged = World::box("SRS0=AAAAAAAA=AA=from.example=sender@us.example");
  EXPECT_FALSE(takes_bounces(forged, world.expansion, now));
  Srs const srs{world.expansion.srs_secret, "us.example"};
  auto const made = srs.forward(World::box("s@from.example"), now).value();
  EXPECT_FALSE(takes_bounces(made, world.expansion, now + std::chrono::days{30}));
  mail::Mailbox elsewhere = made;
  elsewhere.domain.text = "else.example";
  EXPECT_FALSE(takes_bounces(elsewhere, world.expansion, now)) << "not one of our domains";
  world.envelope.forward_paths = {{made, {}, {}}};
  EXPECT_EQ(expand(world.envelope, world.expansion, now).forward_paths[0].mailbox.text(),
            made.text())
      << "only nobody sends bounces";
}

TEST(Expansion, our_own_people_keep_their_address) {
  World world{"out: carol@else.example\n"};
  world.expansion.srs_secret = "0123456789abcdef";
  world.envelope.reverse_path.mailbox = World::box("alice@two.example");
  EXPECT_TRUE(world.expand_all({"out@us.example"}).forwarded.empty());
}

TEST(Expansion, is_bounded) {
  std::string rules;
  for (int rule = 0; rule < 30; ++rule) {
    rules += fmt::format("r{}: r{}", rule, rule + 1);
    for (int i = 0; i < 900; ++i) rules += fmt::format(", u{}x{}@else.example", rule, i);
    rules += '\n';
  }
  World world{rules};
  EXPECT_LE(world.expand_all({"r0@us.example", "r20@us.example"}).forward_paths.size(),
            expanded_recipients_max + 100);
}
}  // namespace
}  // namespace pb::delivery
