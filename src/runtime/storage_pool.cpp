// storage_pool.cpp: see storage_pool.hpp.                        Spec: ARCHITECTURE.md decision 4.
#include "runtime/storage_pool.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/handover.hpp"

namespace pb::runtime {
namespace asio = boost::asio;

struct StoragePool::Impl {
  std::mutex lock;
  std::condition_variable wake;
  std::deque<std::function<void()>> line;
  std::size_t waiting_max = 0;
  bool stopping = false;
  std::vector<std::thread> threads;

  void work() {
    for (;;) {
      std::function<void()> next;
      {
        std::unique_lock guard{lock};
        wake.wait(guard, [&] { return stopping || !line.empty(); });
        if (line.empty()) return;
        next = std::move(line.front());
        line.pop_front();
      }
      next();
    }
  }
};

StoragePool::StoragePool(std::size_t threads, std::size_t waiting_max)
    : impl_{std::make_unique<Impl>()} {
  impl_->waiting_max = waiting_max;
  for (std::size_t i = 0; i < threads; ++i) {
    impl_->threads.emplace_back([impl = impl_.get()] { impl->work(); });
  }
}

StoragePool::~StoragePool() {
  {
    std::scoped_lock const guard{impl_->lock};
    impl_->stopping = true;
  }
  impl_->wake.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
}

bool StoragePool::post(std::function<void()> work) {
  {
    std::scoped_lock const guard{impl_->lock};
    if (impl_->stopping || impl_->line.size() >= impl_->waiting_max) return false;
    impl_->line.push_back(std::move(work));
  }
  impl_->wake.notify_one();
  return true;
}

asio::awaitable<bool> StoragePool::run(std::function<void()> work) {
  Handover<bool> done{co_await asio::this_coro::executor};
  bool const taken = post([give = done.giver(), work = std::move(work)] {
    work();
    give(true);
  });
  if (!taken) co_return false;
  auto const ended = co_await done.take();
  co_return ended.value_or(false);
}
}  // namespace pb::runtime
