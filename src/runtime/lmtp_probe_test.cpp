// lmtp_probe_test.cpp: what a mail store says about a recipient, and for how long it is believed.
// Spec: lmtp_probe.hpp; RFC 2033 §4.
#include "runtime/lmtp_probe.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <thread>

namespace pb::runtime {
namespace {
struct HandClock final : Clock {
  Instant time{std::chrono::days{20'000}};
  [[nodiscard]] Instant now() const override { return time; }
};

/// A mail store on a port of its own; answers RCPT as it is told, a connection after the other.
class Store {
 public:
  explicit Store(std::string rcpt_reply)
      : rcpt_reply_{std::move(rcpt_reply)},
        acceptor_{loop_, {asio::ip::address_v4::loopback(), 0}},
        thread_{[this] { run(); }} {}
  ~Store() {
    boost::system::error_code ignored;
    asio::ip::tcp::socket knock{loop_};
    stopping_ = true;
    knock.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  Store(Store const&) = delete;
  Store& operator=(Store const&) = delete;
  [[nodiscard]] DialTarget target() const {
    DialTarget out;
    out.endpoint = {IpAddress::parse("127.0.0.1").value(), acceptor_.local_endpoint().port()};
    return out;
  }
  std::atomic<int> asked = 0;

 private:
  void run() {
    for (;;) {
      asio::ip::tcp::socket peer = acceptor_.accept();
      if (stopping_) return;
      talk(peer);
    }
  }
  void talk(asio::ip::tcp::socket& peer) {
    boost::system::error_code error;
    asio::write(peer, asio::buffer(std::string{"220-store\r\n220 ready\r\n"}), error);
    std::string heard;
    while (!error) {
      std::size_t const octets = asio::read_until(peer, asio::dynamic_buffer(heard), "\r\n", error);
      if (error) return;
      bool const rcpt = heard.starts_with("RCPT TO:<bob@two.test>");
      asked += rcpt ? 1 : 0;
      heard.erase(0, octets);
      std::string const reply = rcpt ? rcpt_reply_ + "\r\n" : "250 ok\r\n";
      asio::write(peer, asio::buffer(reply), error);
    }
  }
  std::string rcpt_reply_;
  asio::io_context loop_;
  asio::ip::tcp::acceptor acceptor_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

std::optional<bool> ask(LmtpProbe& probe) {
  asio::io_context loop;
  auto answer = asio::co_spawn(loop, probe.exists({"bob", {"two.test"}}, std::chrono::seconds{5}),
                               asio::use_future);
  loop.run();
  return answer.get();
}

LmtpProbe::TargetOf only_two(Store const& store) {
  return [target = store.target()](mail::Domain const& domain) {
    return domain.key() == "two.test" ? std::optional{target} : std::nullopt;
  };
}

TEST(LmtpProbe, a_yes_is_believed_for_a_day) {
  Store store{"250 2.1.5 ok"};
  HandClock clock;
  LmtpProbe probe{"mx.test", clock, only_two(store)};
  EXPECT_TRUE(probe.covers({"two.test"}));
  EXPECT_FALSE(probe.covers({"one.test"}));
  EXPECT_EQ(ask(probe), true);
  clock.time += std::chrono::hours{23};
  EXPECT_EQ(ask(probe), true);
  EXPECT_EQ(store.asked, 1);
  clock.time += std::chrono::hours{1};
  EXPECT_EQ(ask(probe), true);
  EXPECT_EQ(store.asked, 2);
}

TEST(LmtpProbe, a_no_for_five_minutes_and_a_later_not_at_all) {
  HandClock clock;
  Store store{"550-5.1.1 no\r\n550 5.1.1 such user"};
  LmtpProbe probe{"mx.test", clock, only_two(store)};
  EXPECT_EQ(ask(probe), false);
  clock.time += std::chrono::minutes{4};
  EXPECT_EQ(ask(probe), false);
  EXPECT_EQ(store.asked, 1);
  clock.time += std::chrono::minutes{1};
  EXPECT_EQ(ask(probe), false);
  EXPECT_EQ(store.asked, 2);
  Store busy{"451 4.3.0 later"};
  LmtpProbe other{"mx.test", clock, only_two(busy)};
  EXPECT_EQ(ask(other), std::nullopt);
  EXPECT_EQ(ask(other), std::nullopt);
  EXPECT_EQ(busy.asked, 2);
}

TEST(LmtpProbe, a_store_that_is_not_there_says_nothing) {
  HandClock clock;
  DialTarget nowhere;
  nowhere.unix_path = "/nonexistent/lmtp";
  LmtpProbe probe{"mx.test", clock, [&](mail::Domain const&) { return std::optional{nowhere}; }};
  EXPECT_EQ(ask(probe), std::nullopt);
}
}  // namespace
}  // namespace pb::runtime
