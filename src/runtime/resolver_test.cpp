// resolver_test.cpp: typed answers from a real server on loopback, the cache, deadlines, and a
// forwarder that strips DNSSEC.   Spec: ARCHITECTURE.md decision 7.
#include "runtime/resolver.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "runtime/dns_cache.hpp"
#include "runtime/fake_dns_server.hpp"
#include "runtime/system.hpp"

namespace pb::runtime {
namespace {
using namespace std::chrono_literals;

class CountingLog final : public Log {
 public:
  void write(LogLevel level, std::string_view event, std::span<LogField const>) override {
    if (level == LogLevel::warning && event == "dnssec_unavailable") ++warnings;
  }
  std::atomic<int> warnings{0};
};

dns::World small_world() {
  dns::World world;
  world.add("two.test", dns::Type::mx, dns::Mx{10, "mx.two.test"});
  world.add("mx.two.test", dns::Type::a, *IpAddress::parse("127.0.0.3"));
  world.add("mx.two.test", dns::Type::aaaa, *IpAddress::parse("2001:db8::3"));
  world.add("two.test", dns::Type::txt, dns::Txt{std::string(300, 'x')});
  world.add("1.2.0.192.in-addr.arpa", dns::Type::ptr, dns::Name{"mx.two.test"});
  world.fail("servfail.test", dns::Failure::servfail);
  world.fail("refused.test", dns::Failure::refused);
  world.fail("silent.test", dns::Failure::timeout);
  return world;
}

class ResolverTest : public testing::Test {
 protected:
  ResolverTest() : server{small_world()} {
    settings.servers = {server.endpoint()};
    settings.wait = 3s;
  }
  dns::Answer ask(std::string name, dns::Type type) {
    if (!resolver) {
      auto made = UnboundResolver::make(settings, clock, log);
      EXPECT_TRUE(made) << made.error();
      resolver = *made;
    }
    asio::io_context context;
    dns::Answer answer;
    asio::co_spawn(
        context,
        [](Resolver& asked, dns::Question question, dns::Answer& into) -> asio::awaitable<void> {
          into = co_await asked.ask(std::move(question));
        }(*resolver, {std::move(name), type}, answer),
        asio::detached);
    context.run();
    return answer;
  }

  SystemClock clock;
  CountingLog log;
  FakeDnsServer server;
  ResolverSettings settings;
  std::shared_ptr<UnboundResolver> resolver;
};

TEST_F(ResolverTest, gives_typed_answers_also_of_names_that_are_built_in_elsewhere) {
  settings.validate = false;
  auto const mx = ask("Two.test.", dns::Type::mx);
  ASSERT_TRUE(std::holds_alternative<dns::Found>(mx));
  EXPECT_EQ(std::get<dns::Found>(mx).records.at(0), (dns::Record{dns::Mx{10, "mx.two.test"}}));
  EXPECT_EQ(std::get<dns::Found>(mx).security, dns::Security::unvalidated);
  EXPECT_TRUE(std::holds_alternative<dns::Found>(ask("mx.two.test", dns::Type::aaaa)));
  auto const txt = ask("two.test", dns::Type::txt);
  ASSERT_TRUE(std::holds_alternative<dns::Found>(txt));
  EXPECT_EQ(std::get<dns::Txt>(std::get<dns::Found>(txt).records.at(0)).text.size(), 300);
  EXPECT_TRUE(std::holds_alternative<dns::Found>(ask("1.2.0.192.in-addr.arpa", dns::Type::ptr)));
  EXPECT_TRUE(std::holds_alternative<dns::NoData>(ask("mx.two.test", dns::Type::mx)));
  EXPECT_TRUE(std::holds_alternative<dns::NxDomain>(ask("nowhere.test", dns::Type::mx)));
}

TEST_F(ResolverTest, a_failure_is_never_a_no) {
  settings.validate = false;
  for (auto const* name : {"servfail.test", "refused.test"}) {
    auto const answer = ask(name, dns::Type::mx);
    EXPECT_TRUE(std::holds_alternative<dns::Failed>(answer)) << name;
  }
}

TEST_F(ResolverTest, silence_ends_with_the_deadline) {
  settings.validate = false;
  settings.wait = 200ms;
  auto const answer = ask("silent.test", dns::Type::mx);
  ASSERT_TRUE(std::holds_alternative<dns::Failed>(answer));
  EXPECT_EQ(std::get<dns::Failed>(answer).failure, dns::Failure::timeout);
  EXPECT_EQ(resolver->counts().timeouts, 1);
}

TEST_F(ResolverTest, an_answer_is_asked_for_once) {
  settings.validate = false;
  ask("two.test", dns::Type::mx);
  std::size_t const asked = server.questions();
  for (int i = 0; i < 5; ++i) ask("two.test", dns::Type::mx);
  EXPECT_EQ(server.questions(), asked);
  EXPECT_EQ(resolver->counts().cache_hits, 5);
}

TEST_F(ResolverTest, a_forwarder_that_strips_dnssec_leaves_answers_unvalidated_with_one_warning) {
  settings.validate = true;
  for (int i = 0; i < 3; ++i) {
    auto const mx = ask("two.test", dns::Type::mx);
    ASSERT_TRUE(std::holds_alternative<dns::Found>(mx)) << "not bogus";
    EXPECT_EQ(std::get<dns::Found>(mx).security, dns::Security::unvalidated);
    resolver->forget();
  }
  resolver.reset();
  EXPECT_LE(log.warnings, 1);
}

TEST_F(ResolverTest, names_that_cannot_exist_are_not_asked_for) {
  settings.validate = false;
  EXPECT_TRUE(
      std::holds_alternative<dns::NxDomain>(ask(std::string(64, 'x') + ".test", dns::Type::a)));
  EXPECT_TRUE(std::holds_alternative<dns::NxDomain>(ask("a..test", dns::Type::a)));
  EXPECT_EQ(server.questions(), 0);
}

TEST_F(ResolverTest, many_questions_go_out_together) {
  settings.validate = false;
  ask("two.test", dns::Type::mx);
  asio::io_context context;
  dns::Facts facts;
  asio::co_spawn(context,
                 ask_all(*resolver,
                         {{"mx.two.test", dns::Type::a},
                          {"mx.two.test", dns::Type::aaaa},
                          {"nowhere.test", dns::Type::a}},
                         facts),
                 asio::detached);
  context.run();
  EXPECT_EQ(facts.size(), 3);
  EXPECT_TRUE(std::holds_alternative<dns::NxDomain>(facts.at({"nowhere.test", dns::Type::a})));
}

TEST(DnsCache, is_bounded_and_forgets_what_is_over) {
  DnsCache cache{2};
  Instant const start{};
  cache.put({"a", dns::Type::a}, dns::NoData{}, start + 10s);
  cache.put({"b", dns::Type::a}, dns::NoData{}, start + 10s);
  EXPECT_TRUE(cache.find({"a", dns::Type::a}, start));
  cache.put({"c", dns::Type::a}, dns::NoData{}, start + 10s);
  EXPECT_EQ(cache.size(), 2);
  EXPECT_FALSE(cache.find({"b", dns::Type::a}, start)) << "the longest unused";
  EXPECT_FALSE(cache.find({"a", dns::Type::a}, start + 10s));
}
}  // namespace
}  // namespace pb::runtime
