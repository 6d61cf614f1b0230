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
#include "runtime/handover.hpp"

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
  Handover<bool> answer{co_await asio::this_coro::executor};
  bool const taken = impl_->post([give = answer.giver(), work = std::move(work)] {
    return [give, result = work()] { give(result); };
  });
  if (!taken) co_return std::nullopt;
  co_return co_await answer.take();
}
}  // namespace pb::runtime
