// queue_runner_test.cpp: the queue on a real store: accepted, lent, settled, read back.
// Spec: queue_runner.hpp; RFC 5321 §6.1.     Not here: the reducer alone (queue/queue_test.cpp).
#include "runtime/queue_runner.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>
#include <vector>

#include "runtime/queue_fixture.hpp"

namespace pb::runtime {
namespace {
using queue::Bounced;
using queue::Deferred;
using queue::Delivered;
using queue::Family;
using queue::Reason;

TEST(QueueRunner, a_message_is_lent_with_its_bytes_and_gone_when_delivered) {
  QueueFixture queue;
  QueueId const id = queue.accept_to("a@b.example");
  auto const leased = queue.leases().next();
  ASSERT_TRUE(leased);
  EXPECT_EQ(leased->lease.id, id);
  EXPECT_EQ(leased->lease.attempt, 1U);
  ASSERT_NE(leased->lease.message, nullptr);
  EXPECT_EQ(leased->bytes->read_all(1000).value(),
            "Received: by test\r\nSubject: x\r\n\r\nhello\r\n");
  queue.settle(leased->lease, Delivered{});
  ASSERT_TRUE(queue.runner().settle_down());
  EXPECT_EQ(queue.stats().messages, 0U);
  EXPECT_EQ(queue.records(Family::envelopes), 0U);
  EXPECT_EQ(queue.records(Family::bodies), 0U);
  EXPECT_GE(queue.records(Family::journal), 4U) << "accepted and delivered, each with its index";
}

TEST(QueueRunner, ids_after_a_restart_are_later_than_those_of_messages_that_are_gone) {
  QueueFixture queue;
  SeededRandom random{1};
  Instant const ahead = queue.clock().now() + std::chrono::hours{2};  // and then set right
  QueueId const early = QueueId::make(ahead, random);
  ASSERT_EQ(queue.accept(message_to(early, "a@b.example", ahead)), queue::CommitVerdict::durable);
  auto const lent = queue.leases().next();
  ASSERT_TRUE(lent);
  queue.settle(lent->lease, Delivered{});
  ASSERT_TRUE(queue.runner().settle_down());
  queue.reopen();
  EXPECT_GT(queue.runner().make_id(), early);
}

TEST(QueueRunner, what_was_lent_when_the_server_stopped_is_lent_again) {
  QueueFixture queue;
  QueueId const id = queue.accept_to("a@b.example");
  ASSERT_TRUE(queue.leases().next());
  queue.reopen();
  auto const again = queue.leases().next();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->lease.id, id);
  EXPECT_EQ(again->bytes->read_all(1000).value().size(), again->bytes->octets());
}

TEST(QueueRunner, a_deferred_recipient_waits_over_a_restart) {
  QueueFixture queue;
  QueueId const id = queue.accept_to("a@b.example");
  auto const leased = queue.leases().next();
  queue.settle(leased->lease,
               Deferred{.reason = Reason::connect_timeout, .reply = {}, .retry_at = {}});
  ASSERT_TRUE(queue.runner().settle_down());
  EXPECT_EQ(queue.stats().deferred, 1U);
  queue.reopen();
  EXPECT_EQ(queue.stats().deferred, 1U);
  EXPECT_FALSE(queue.leases().next(std::chrono::milliseconds{20}));
  queue.runner().admin(
      {.action = queue::AdminAction::retry,
       .filter = {.ids = {id}, .domain = {}, .recipient = {}, .account = {}, .older_than = {}},
       .actor = "test",
       .via = {}},
      [](auto) {});
  auto const again = queue.leases().next();
  ASSERT_TRUE(again) << "retry now makes it due";
  EXPECT_EQ(again->lease.attempt, 2U);
}

TEST(QueueRunner, retries_come_by_themselves_when_their_time_comes) {
  QueueRunnerSettings settings;
  settings.queue.retry.steps = {Duration{20}};
  QueueFixture queue{settings};
  queue.accept_to("a@b.example");
  auto leased = queue.leases().next();
  for (std::uint32_t attempt = 2; attempt < 6; ++attempt) {
    queue.settle(leased->lease,
                 Deferred{.reason = Reason::remote_deferred, .reply = {}, .retry_at = {}});
    leased = queue.leases().next();
    ASSERT_TRUE(leased);
    EXPECT_EQ(leased->lease.attempt, attempt);
  }
}

TEST(QueueRunner, a_withdrawn_ticket_is_dropped_before_any_lease) {
  QueueFixture queue;
  // The queue's thread is kept busy, so that withdrawing always comes first.
  std::promise<void> go_on;
  queue.runner().query([&](auto const&) { go_on.get_future().wait(); });
  bool answered = false;
  auto const ticket =
      queue.runner().accept(message_to(queue.make_id(), "a@b.example", queue.clock().now()),
                            [&](auto) { answered = true; });
  EXPECT_TRUE(queue.runner().withdraw(*ticket));
  go_on.set_value();
  ASSERT_TRUE(queue.runner().settle_down());
  EXPECT_FALSE(answered);
  EXPECT_FALSE(queue.leases().next(std::chrono::milliseconds{20}));
  EXPECT_EQ(queue.records(Family::envelopes), 0U);
  EXPECT_EQ(queue.records(Family::bodies), 0U);
}

TEST(QueueRunner, an_answered_ticket_cannot_be_withdrawn) {
  QueueFixture queue;
  std::promise<void> answered;
  auto const ticket =
      queue.runner().accept(message_to(queue.make_id(), "a@b.example", queue.clock().now()),
                            [&](auto) { answered.set_value(); });
  answered.get_future().wait();
  EXPECT_FALSE(queue.runner().withdraw(*ticket));
}

TEST(QueueRunner, a_message_in_flight_at_three_crashes_is_held) {
  TemporaryDirectory const data;
  StoreSettings const store{.data_dir = data.path(), .files = {}};
  QueueId id;
  for (int crash = 0; crash < 3; ++crash) {
    QueueFixture queue{{}, store};
    if (crash == 0) id = queue.accept_to("a@b.example");
    auto const leased = queue.leases().next();
    ASSERT_TRUE(leased) << crash;
    // A crash leaves what a clean end empties: play it by writing the file afterwards.
    queue.close();
    std::ofstream file{data.path() + "/in-flight", std::ios::binary};
    std::uint64_t const value = id.value();
    file.write(reinterpret_cast<char const*>(&value), sizeof value);
    file.close();
    queue.open();
    queue.close();
    queue.open();
  }
  QueueFixture queue{{}, store};
  EXPECT_EQ(queue.stats().held, 1U);
  EXPECT_FALSE(queue.leases().next(std::chrono::milliseconds{20}));
}

TEST(QueueRunner, many_threads_share_batches_and_lose_nothing) {
  QueueFixture queue;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      SeededRandom random{static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&random))};
      for (int i = 0; i < 50; ++i) {
        QueueId const id = QueueId::make(queue.clock().now(), random);
        auto const verdict = queue.accept(message_to(id, "a@b.example", queue.clock().now()));
        EXPECT_EQ(verdict, queue::CommitVerdict::durable);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(queue.stats().messages, 200U);
  EXPECT_EQ(queue.records(Family::envelopes), 200U);
}
}  // namespace
}  // namespace pb::runtime
