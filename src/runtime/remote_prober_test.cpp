// remote_prober_test.cpp: what XPROBE measures, what it refuses after resolution, how often.
// Spec: remote_prober.hpp; docs/reference/xprobe.md.
#include "runtime/remote_prober.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <map>
#include <thread>

namespace pb::runtime {
namespace {
using smtp::server::ProbeAnswer;
using smtp::server::ProbeResult;

struct HandClock final : Clock {
  Instant time{std::chrono::days{20'000}};
  [[nodiscard]] Instant now() const override { return time; }
};

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

/// A mail server in the clear on a port of its own, whose every word is hostile.
class Peer {
 public:
  Peer() : acceptor_{loop_, {asio::ip::address_v4::loopback(), 0}}, thread_{[this] { run(); }} {}
  ~Peer() {
    boost::system::error_code ignored;
    asio::ip::tcp::socket knock{loop_};
    stopping_ = true;
    knock.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  Peer(Peer const&) = delete;
  Peer& operator=(Peer const&) = delete;
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::atomic<int> connections = 0;

 private:
  void run() {
    for (;;) {
      asio::ip::tcp::socket peer = acceptor_.accept();
      if (stopping_) return;
      ++connections;
      talk(peer);
    }
  }
  static void talk(asio::ip::tcp::socket& peer) {
    boost::system::error_code error;
    asio::write(peer, asio::buffer(std::string{"220 faults=- tcp=open evil\r\n"}), error);
    std::string heard;
    while (!error) {
      std::size_t const octets = asio::read_until(peer, asio::dynamic_buffer(heard), "\r\n", error);
      if (error) return;
      heard.erase(0, octets);
      asio::write(peer, asio::buffer(std::string{"250-evil\r\n250 AUTH EVIL\r\n"}), error);
    }
  }
  asio::io_context loop_;
  asio::ip::tcp::acceptor acceptor_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// Answers each question from the next of its worlds, so that a name can change between two.
class ChangingResolver final : public Resolver {
 public:
  explicit ChangingResolver(std::vector<IpAddress> first) : first_{std::move(first)} {}
  asio::awaitable<dns::Answer> ask(dns::Question question) override {
    dns::Found found;
    bool const again = ++asked[question] > 1;
    for (IpAddress const& address : again ? std::vector{ip("169.254.169.254")} : first_) {
      bool const wanted = address.is_v4() == (question.type == dns::Type::a);
      if (wanted) found.records.emplace_back(address);
    }
    if (found.records.empty()) co_return dns::NoData{};
    co_return found;
  }
  std::map<dns::Question, int> asked;

 private:
  std::vector<IpAddress> first_;
};

struct Fixture {
  explicit Fixture(std::vector<IpAddress> addresses) : resolver{std::move(addresses)} {}

  ProbeAnswer ask(smtp::ProbeCommand target, std::string const& account = "ada") {
    smtp::server::SessionFacts facts;
    facts.account = account;
    asio::io_context loop;
    auto answer = asio::co_spawn(loop, prober.probe(std::move(target), facts), asio::use_future);
    loop.run();
    return answer.get();
  }
  ProbeAnswer ask(std::uint16_t port, std::string const& account = "ada") {
    return ask({.host = "mx.test", .address = {}, .port = port}, account);
  }
  void allow(std::string_view network, std::size_t an_hour = 10) {
    prober.set({an_hour, {Network::parse(network).value()}, "mx.here.test"});
  }

  HandClock clock;
  NullLog log;
  ChangingResolver resolver;
  RemoteProber prober{resolver, clock, log};
};

TEST(RemoteProber, tells_what_it_measured_and_not_a_word_of_the_peer) {
  Peer peer;
  Fixture here{{ip("127.0.0.1")}};
  here.allow("127.0.0.0/8");
  auto const answer = here.ask(peer.port());
  EXPECT_EQ(answer.result, ProbeResult::measured);
  EXPECT_EQ(answer.facts,
            "family=ipv4 tcp=open security=cleartext tls=- faults=starttls-not-offered");
  EXPECT_GE(peer.connections, 1);
}

TEST(RemoteProber, refuses_addresses_that_are_not_public_after_resolution) {
  Peer peer;
  for (auto const* inside : {"127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1",
                             "fe80::1", "fd00::1", "100.64.0.1", "224.0.0.1", "64:ff9b::7f00:1"}) {
    Fixture here{{ip(inside)}};
    EXPECT_EQ(here.ask(peer.port()).result, ProbeResult::not_public) << inside;
    EXPECT_EQ(here.ask({.host = inside, .address = ip(inside), .port = peer.port()}).result,
              ProbeResult::not_public)
        << inside;
  }
  EXPECT_EQ(peer.connections, 0);
}

TEST(RemoteProber, connects_only_to_those_of_a_name_s_addresses_that_may_be) {
  Peer peer;
  Fixture here{{ip("10.0.0.1"), ip("127.0.0.1"), ip("::1")}};
  here.allow("127.0.0.1/32");
  auto const answer = here.ask(peer.port());
  EXPECT_EQ(answer.facts,
            "family=ipv4 tcp=open security=cleartext tls=- faults=starttls-not-offered");
}

TEST(RemoteProber, resolves_a_name_once_so_that_it_cannot_change_under_the_check) {
  Peer peer;
  Fixture here{{ip("127.0.0.1")}};
  here.allow("127.0.0.0/8");
  EXPECT_EQ(here.ask(peer.port()).result, ProbeResult::measured);
  EXPECT_EQ(here.resolver.asked.size(), 2U) << "A and AAAA";
  for (auto const& [question, times] : here.resolver.asked) EXPECT_EQ(times, 1) << question.name;
  EXPECT_EQ(here.ask(peer.port()).result, ProbeResult::not_public) << "as it leads now";
}

TEST(RemoteProber, says_that_a_name_leads_nowhere) {
  Fixture here{{}};
  auto const answer = here.ask(587);
  EXPECT_EQ(answer.result, ProbeResult::measured);
  EXPECT_EQ(answer.facts, "family=none tcp=unknown security=none tls=- faults=name-has-no-address");
}

TEST(RemoteProber, lets_an_account_ask_so_many_times_an_hour_refused_targets_included) {
  Fixture here{{ip("10.0.0.1")}};
  here.prober.set({.an_hour = 3, .allowed = {}, .ehlo_name = "mx.here.test"});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(here.ask(587).result, ProbeResult::not_public);
  EXPECT_EQ(here.ask(587).result, ProbeResult::too_many);
  EXPECT_EQ(here.ask(587, "bob").result, ProbeResult::not_public);
  here.clock.time += std::chrono::hours{1};
  EXPECT_EQ(here.ask(587).result, ProbeResult::not_public);
}

TEST(RemoteProber, does_one_thing_at_a_time_for_an_account) {
  Peer peer;
  Fixture here{{ip("127.0.0.1")}};
  here.allow("127.0.0.0/8");
  smtp::server::SessionFacts facts;
  facts.account = "ada";
  smtp::ProbeCommand const target{.host = "mx.test", .address = {}, .port = peer.port()};
  asio::io_context loop;
  auto first = asio::co_spawn(loop, here.prober.probe(target, facts), asio::use_future);
  auto second = asio::co_spawn(loop, here.prober.probe(target, facts), asio::use_future);
  loop.run();
  EXPECT_EQ(first.get().result, ProbeResult::measured);
  EXPECT_EQ(second.get().result, ProbeResult::busy);
}
}  // namespace
}  // namespace pb::runtime
