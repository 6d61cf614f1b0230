// argon2_pool_test.cpp: bounded, off the loop, back on the loop.            Spec: argon2_pool.hpp.
#include "runtime/argon2_pool.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <thread>
#include <vector>

namespace pb::runtime {
namespace {
namespace asio = boost::asio;

asio::awaitable<void> ask(Argon2Pool& pool, std::function<bool()> work,
                          std::vector<std::optional<bool>>& answers) {
  answers.push_back(co_await pool.run(std::move(work)));
}

TEST(Argon2Pool, runs_work_on_its_threads_and_resumes_on_the_callers_loop) {
  Argon2Pool pool;
  asio::io_context loop;
  std::vector<std::optional<bool>> answers;
  std::thread::id const here = std::this_thread::get_id();
  std::thread::id there;
  auto const work = [&there] {
    there = std::this_thread::get_id();
    return true;
  };
  asio::co_spawn(loop, ask(pool, work, answers), asio::detached);
  loop.run();  // ends by itself: it was kept alive until the answer came
  EXPECT_EQ(answers, (std::vector<std::optional<bool>>{true}));
  EXPECT_NE(there, here);
}

TEST(Argon2Pool, takes_no_more_than_its_line_holds) {
  Argon2Pool pool{{2, 64}};
  asio::io_context loop;
  std::vector<std::optional<bool>> answers;
  std::promise<void> gate;
  std::shared_future<void> const open = gate.get_future().share();
  std::promise<void> both_busy;
  std::atomic<int> running = 0;
  auto const wait = [&] {
    if (++running == 2) both_busy.set_value();
    open.wait();
    return true;
  };
  for (int i = 0; i < 2; ++i) asio::co_spawn(loop, ask(pool, wait, answers), asio::detached);
  loop.poll();
  both_busy.get_future().wait();
  auto const quick = [] { return false; };
  for (int i = 0; i < 70; ++i) asio::co_spawn(loop, ask(pool, quick, answers), asio::detached);
  loop.poll();
  EXPECT_EQ(answers, std::vector<std::optional<bool>>(6, std::nullopt));
  EXPECT_EQ(pool.load(), 66U);
  gate.set_value();
  loop.run();
  EXPECT_EQ(answers.size(), 72U);
  EXPECT_EQ(pool.load(), 0U);
}

TEST(Argon2Pool, ends_while_work_waits) {
  asio::io_context loop;
  std::vector<std::optional<bool>> answers;
  {
    Argon2Pool pool{{1, 64}};
    for (int i = 0; i < 50; ++i) {
      asio::co_spawn(loop, ask(pool, [] { return true; }, answers), asio::detached);
    }
    loop.poll();
  }
  loop.run();
  EXPECT_LE(answers.size(), 50U);
}
}  // namespace
}  // namespace pb::runtime
