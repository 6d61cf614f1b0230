// connection_test.cpp: reads, writes, deadlines and interruptions over real loopback sockets.
// Spec: connection.hpp.                                                  Not here: SMTP.
#include "runtime/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "runtime/test_support.hpp"

namespace pb::runtime {
namespace {
using namespace std::chrono_literals;

struct Pair {
  asio::io_context context{1};
  std::vector<char> buffer = std::vector<char>(64 * 1024);
  std::pair<Socket, Socket> sockets = testing::socket_pair(context);
  Connection here{std::move(sockets.first), buffer};
  Socket there{std::move(sockets.second)};
};

asio::awaitable<void> expect_read(Connection& connection, std::string wanted) {
  connection.deadline(5s);
  std::string got;
  while (got.size() < wanted.size()) {
    auto more = co_await connection.read_more();
    EXPECT_TRUE(more);
    if (!more) co_return;
    got += *more;
  }
  EXPECT_EQ(got, wanted);
}

asio::awaitable<void> expect_read_error(Connection& connection, Duration wait, IoError wanted) {
  connection.deadline(wait);
  auto more = co_await connection.read_more();
  EXPECT_FALSE(more);
  if (!more) EXPECT_EQ(name_of(more.error()), name_of(wanted));
}

TEST(Connection, it_reads_what_the_peer_sent_and_then_its_end) {
  Pair pair;
  asio::write(pair.there, asio::buffer(std::string_view{"EHLO a\r\n"}));
  pair.there.shutdown(Socket::shutdown_send);
  testing::run_on(pair.context, expect_read(pair.here, "EHLO a\r\n"));
  testing::run_on(pair.context, expect_read_error(pair.here, 5s, IoError::closed));
}

TEST(Connection, a_read_ends_when_its_deadline_passes) {
  Pair pair;
  testing::run_on(pair.context, expect_read_error(pair.here, 20ms, IoError::timeout));
}

asio::awaitable<void> read_with_moving_deadlines(Connection& connection, Socket& there) {
  connection.deadline(10ms);
  asio::write(there, asio::buffer(std::string_view{"a"}));
  EXPECT_TRUE(co_await connection.read_more());
  connection.deadline(60ms);  // later than the timer that is armed
  auto start = std::chrono::steady_clock::now();
  auto second = co_await connection.read_more();
  EXPECT_FALSE(second);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 55ms);
  connection.deadline(5s);
  connection.deadline(1ms);  // earlier than the timer that is armed
  auto third = co_await connection.read_more();
  EXPECT_EQ(third.error(), IoError::timeout);
}

TEST(Connection, a_deadline_moves_both_ways) {
  Pair pair;
  testing::run_on(pair.context, read_with_moving_deadlines(pair.here, pair.there));
}

TEST(Connection, a_deadline_that_passes_while_nothing_waits_harms_no_later_wait) {
  Pair pair;
  pair.here.deadline(1ms);
  testing::run_on(pair.context, expect_read_error(pair.here, 1ms, IoError::timeout));
  asio::write(pair.there, asio::buffer(std::string_view{"x"}));
  testing::run_on(pair.context, expect_read(pair.here, "x"));
}

asio::awaitable<void> interrupt(Connection& connection) {
  connection.interrupt();
  co_return;
}

TEST(Connection, an_interruption_ends_the_wait_that_goes_on_and_only_that) {
  Pair pair;
  testing::run_on(pair.context, expect_read_error(pair.here, 5s, IoError::interrupted),
                  interrupt(pair.here));
  testing::run_on(pair.context, expect_read_error(pair.here, 1ms, IoError::timeout));
}

TEST(Connection, an_interruption_before_the_wait_is_not_lost) {
  Pair pair;
  pair.here.interrupt();
  testing::run_on(pair.context, expect_read_error(pair.here, 5s, IoError::interrupted));
}

asio::awaitable<void> write_all(Connection& connection, std::string bytes) {
  connection.deadline(5s);
  auto written = co_await connection.write(bytes);
  EXPECT_TRUE(written);
  connection.close();
}

asio::awaitable<void> count_bytes(Socket& socket, std::size_t wanted) {
  std::vector<char> buffer(64 * 1024);
  std::size_t got = 0;
  for (;;) {
    auto [error, octets] =
        co_await socket.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    if (error) break;
    got += octets;
  }
  EXPECT_EQ(got, wanted);
}

TEST(Connection, a_write_larger_than_the_socket_takes_waits_for_the_reader) {
  Pair pair;
  constexpr std::size_t octets = 8 << 20;
  testing::run_on(pair.context, write_all(pair.here, std::string(octets, 'x')),
                  count_bytes(pair.there, octets));
}

TEST(Connection, what_is_read_stands_behind_the_prefix_that_was_kept) {
  Pair pair;
  asio::write(pair.there, asio::buffer(std::string_view{" a\r\n"}));
  pair.here.deadline(5s);
  testing::run_on(pair.context, [](Connection& here) -> asio::awaitable<void> {
    std::ignore = co_await here.wait_readable();
  }(pair.here));
  EXPECT_EQ(pair.here.read_now("EHLO"), "EHLO a\r\n");
  EXPECT_EQ(pair.here.read_now("QU"), "QU");  // nothing new
}

asio::awaitable<void> peek_in_steps(Connection& connection, Socket& there) {
  connection.deadline(5s);
  asio::write(there, asio::buffer(std::string_view{"PRO"}));
  auto three = co_await connection.peek(3);
  EXPECT_EQ(three.value_or(""), "PRO");
  asio::write(there, asio::buffer(std::string_view{"XY rest"}));
  auto five = co_await connection.peek(5);
  EXPECT_EQ(five.value_or("").substr(0, 5), "PROXY");
  connection.discard(5);
  auto rest = co_await connection.read_more();
  EXPECT_EQ(rest.value_or(""), " rest");
  connection.deadline(1ms);
  auto none = co_await connection.peek(1);
  EXPECT_EQ(none.error(), IoError::timeout);
}

TEST(Connection, peeking_consumes_exactly_what_is_discarded) {
  Pair pair;
  testing::run_on(pair.context, peek_in_steps(pair.here, pair.there));
}

asio::awaitable<void> peek_at_end(Connection& connection) {
  connection.deadline(5s);
  auto seen = co_await connection.peek(8);
  EXPECT_EQ(seen.value_or("-"), "abc");
}

TEST(Connection, peeking_for_more_than_ever_comes_ends_with_the_peer) {
  Pair pair;
  asio::write(pair.there, asio::buffer(std::string_view{"abc"}));
  pair.there.shutdown(Socket::shutdown_send);
  testing::run_on(pair.context, peek_at_end(pair.here));
}

TEST(Connection, the_last_reply_arrives_though_the_peer_sent_more_than_was_read) {
  Pair pair;
  asio::write(pair.there, asio::buffer(std::string(30'000, 'g')));
  EXPECT_EQ(pair.here.try_write("554 go away\r\n"), 13U);
  pair.here.close();
  std::string got(64, '\0');
  boost::system::error_code error;
  got.resize(asio::read(pair.there, asio::buffer(got), error));
  EXPECT_EQ(got, "554 go away\r\n");
}
}  // namespace
}  // namespace pb::runtime
