// handover_test.cpp: a value from another thread reaches the coroutine that waits, or nobody.
// Spec: handover.hpp.
#include "runtime/handover.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <functional>
#include <thread>

namespace pb::runtime {
namespace {
using std::chrono::milliseconds;

TEST(Handover, a_value_from_another_thread_wakes_the_coroutine) {
  asio::io_context loop{1};
  int got = 0;
  auto waits = [&got]() -> asio::awaitable<void> {
    Handover<int> value{co_await asio::this_coro::executor};
    std::jthread other{[give = value.giver()] { give(7); }};
    got = (co_await value.take()).value_or(0);
  };
  asio::co_spawn(loop, waits, asio::detached);
  loop.run();
  EXPECT_EQ(got, 7);
}

TEST(Handover, a_wait_that_ends_first_can_be_asked_again) {
  asio::io_context loop{1};
  std::optional<int> first = 1;
  int second = 0;
  auto waits = [&]() -> asio::awaitable<void> {
    Handover<int> value{co_await asio::this_coro::executor};
    first = co_await value.take(milliseconds{1});
    value.giver()(8);
    second = (co_await value.take()).value_or(0);
  };
  asio::co_spawn(loop, waits, asio::detached);
  loop.run();
  EXPECT_FALSE(first.has_value());
  EXPECT_EQ(second, 8);
}

TEST(Handover, a_giver_that_is_gone_ends_the_wait) {
  asio::io_context loop{1};
  std::optional<int> got = 1;
  auto waits = [&got]() -> asio::awaitable<void> {
    Handover<int> value{co_await asio::this_coro::executor};
    std::ignore = value.giver();
    got = co_await value.take();
  };
  asio::co_spawn(loop, waits, asio::detached);
  loop.run();
  EXPECT_FALSE(got.has_value());
}

TEST(Handover, the_giver_may_outlive_the_coroutine_and_its_loop) {
  std::function<void(int)> give;
  {
    asio::io_context loop{1};
    auto waits = [&give]() -> asio::awaitable<void> {
      Handover<int> value{co_await asio::this_coro::executor};
      give = value.giver();
      std::ignore = co_await value.take();
    };
    asio::co_spawn(loop, waits, asio::detached);
    loop.poll();
  }
  give(9);  // under ASan: nothing of the loop is touched
}
}  // namespace
}  // namespace pb::runtime
