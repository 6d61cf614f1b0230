// argon2_pool.cpp: see argon2_pool.hpp.  Spec: docs/threat-model.md.
// Tests: argon2_pool_test.cpp                                 Not here: passwords (accounts/).
#include "runtime/argon2_pool.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/check.hpp"

namespace pb::runtime {
namespace asio = boost::asio;
namespace {
/// Works, and gives what tells the caller: told only when the job no longer counts as load.
using Answer = std::move_only_function<void()>;
using Job = std::move_only_function<Answer()>;
}  // namespace

struct Argon2Pool::Impl {
  explicit Impl(Argon2PoolOptions given) : options{given} {
    PB_CHECK(options.threads > 0);
    for (std::size_t i = 0; i < options.threads; ++i) {
      threads.emplace_back([this] { work(); });
    }
  }
  ~Impl() {
    {
      std::scoped_lock const lock{mutex};
      stopping = true;
    }
    wake.notify_all();
    for (std::thread& thread : threads) thread.join();
  }
  Impl(Impl const&) = delete;
  Impl& operator=(Impl const&) = delete;

  void work() {
    std::unique_lock lock{mutex};
    for (;;) {
      wake.wait(lock, [this] { return stopping || !waiting.empty(); });
      if (stopping) return;
      Job job = std::move(waiting.front());
      waiting.pop_front();
      ++running;
      lock.unlock();
      Answer answer = job();
      job = nullptr;
      lock.lock();
      --running;
      lock.unlock();
      answer();
      answer = nullptr;
      lock.lock();
    }
  }

  bool post(Job job) {
    {
      std::scoped_lock const lock{mutex};
      if (stopping || waiting.size() >= options.waiting_max) return false;
      waiting.push_back(std::move(job));
    }
    wake.notify_one();
    return true;
  }

  Argon2PoolOptions const options;
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> waiting;
  std::size_t running = 0;
  bool stopping = false;
  std::vector<std::thread> threads;  // last: they use all of the above
};

Argon2Pool::Argon2Pool(Argon2PoolOptions options) : impl_{std::make_unique<Impl>(options)} {}
Argon2Pool::~Argon2Pool() = default;

std::size_t Argon2Pool::load() const {
  std::scoped_lock const lock{impl_->mutex};
  return impl_->waiting.size() + impl_->running;
}

asio::awaitable<std::optional<bool>> Argon2Pool::run(std::function<bool()> work) {
  asio::any_io_executor const executor = co_await asio::this_coro::executor;
  auto const start = [](auto handler, Impl& pool, asio::any_io_executor caller,
                        std::function<bool()> task) {
    // The caller's loop must not run dry while the answer is on its way.
    auto alive = asio::prefer(caller, asio::execution::outstanding_work.tracked);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto const resume = [shared, alive](std::optional<bool> result) {
      asio::post(alive, [shared, result] { std::move (*shared)(result); });
    };
    bool const taken = pool.post(
        [resume, done = std::move(task)] { return [resume, result = done()] { resume(result); }; });
    if (!taken) resume(std::nullopt);
  };
  co_return co_await asio::async_initiate<asio::use_awaitable_t<> const, void(std::optional<bool>)>(
      start, asio::use_awaitable, std::ref(*impl_), executor, std::move(work));
}
}  // namespace pb::runtime
