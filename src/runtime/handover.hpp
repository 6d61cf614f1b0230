// handover.hpp: one value from another thread to the coroutine that waits for it.
// Spec: none.                                                        Tests: handover_test.cpp.
// Not here: the threads (storage_pool, queue_runner, resolver).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace pb::runtime {
namespace asio = boost::asio;

/// Lives in the coroutine that waits. Either side may be gone first: what the other thread keeps
/// holds nothing of the coroutine's loop, which may be destroyed before that thread is.
template <class T>
class Handover {
 public:
  explicit Handover(asio::any_io_executor const& executor)
      : timer_{executor}, link_{std::make_shared<Link>()} {
    link_->waiting = this;
  }
  ~Handover() {
    std::scoped_lock const lock{link_->mutex};
    link_->waiting = nullptr;
  }
  Handover(Handover const&) = delete;
  Handover& operator=(Handover const&) = delete;

  /// What the other thread calls, once, with the value; without effect when nobody waits any more.
  /// When its last copy is gone and was not called, the wait ends without a value.
  [[nodiscard]] auto giver() const {
    return
        [promise = std::make_shared<Promise>(link_)](T value) { promise->keep(std::move(value)); };
  }

  /// Waits for the value; nullopt: it did not come within `wait`, or never will. May be asked
  /// again.
  asio::awaitable<std::optional<T>> take(
      asio::steady_timer::duration wait = asio::steady_timer::duration::max()) {
    auto const forever = asio::steady_timer::duration::max();
    if (!settled_ && wait == forever) timer_.expires_at(asio::steady_timer::time_point::max());
    if (!settled_ && wait != forever) timer_.expires_after(wait);
    if (!settled_) {
      boost::system::error_code woken;
      co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    co_return std::exchange(value_, std::nullopt);
  }

 private:
  struct Link {
    std::mutex mutex;
    Handover* waiting = nullptr;
  };
  /// The other thread's half.
  class Promise {
   public:
    explicit Promise(std::shared_ptr<Link> link) : link_{std::move(link)} {}
    ~Promise() {
      if (!kept_) keep(std::nullopt);
    }
    Promise(Promise const&) = delete;
    Promise& operator=(Promise const&) = delete;
    void keep(std::optional<T> value) {
      kept_ = true;
      std::scoped_lock const lock{link_->mutex};
      if (link_->waiting == nullptr) return;
      auto settle = [link = link_, value = std::move(value)]() mutable {
        std::scoped_lock const again{link->mutex};
        if (link->waiting != nullptr) link->waiting->settle(std::move(value));
      };
      asio::post(link_->waiting->timer_.get_executor(), std::move(settle));
    }

   private:
    std::shared_ptr<Link> link_;  // shared with the waiting side
    bool kept_ = false;
  };
  void settle(std::optional<T> value) {
    value_ = std::move(value);
    settled_ = true;
    timer_.cancel();
  }

  asio::steady_timer timer_;
  std::optional<T> value_;
  bool settled_ = false;
  std::shared_ptr<Link> link_;  // shared with whoever gives
};
}  // namespace pb::runtime
