// queue_faults_test.cpp: what the queue makes of a store that fails, of what cannot be read, of a
// restart in the middle, and of orders about what is under way.
// Spec: queue.hpp; docs/queue-states.md.                     Not here: a real store (runtime/).
#include <gtest/gtest.h>

#include "queue/queue.hpp"
#include "queue/queue_world.hpp"

namespace pb::queue {
namespace {
using std::chrono::hours;
using std::chrono::minutes;

Deferred later(std::optional<Instant> retry_at = {}) {
  return {
      .reason = Reason::remote_deferred, .reply = {450, {4, 2, 1}, "", "mx"}, .retry_at = retry_at};
}
Deferred given_back(Instant retry_at) {
  return {.reason = Reason::site_busy, .reply = {}, .retry_at = retry_at, .attempted = false};
}
NewMessage message_with(QueueId id) {
  NewMessage message;
  message.record.message.id = id;
  message.record.message.envelope.forward_paths.push_back(
      {mail::Mailbox{"a", {"x.example"}}, {}, ""});
  message.record.phases = {Phase::due};
  return message;
}

TEST(QueueFaults, who_waits_for_a_store_that_fails_is_told_so) {
  World world;
  Effects out;
  world.queue_->handle(Accepted{TicketId{7}, message_with(QueueId{5})}, world.now_, out);
  world.queue_->handle(StoreFailed{}, world.now_, out);
  ASSERT_EQ(out.answers.size(), 1U);
  EXPECT_EQ(out.answers[0].ticket, TicketId{7});
  EXPECT_EQ(out.answers[0].verdict, CommitVerdict::store_failed);
}

TEST(QueueFaults, a_commit_that_failed_is_answered_and_never_lent) {
  World world;
  Effects out;
  world.queue_->handle(Accepted{TicketId{7}, message_with(QueueId{5})}, world.now_, out);
  world.queue_->handle(Committed{{TicketId{7}}, false, {}}, world.now_, out);
  ASSERT_EQ(out.answers.size(), 1U);
  EXPECT_EQ(out.answers[0].verdict, CommitVerdict::store_failed);
  EXPECT_TRUE(out.leases.empty());
  EXPECT_EQ(world.queue_->stats().messages, 0U);
}

TEST(QueueFaults, what_cannot_be_read_is_held_and_the_others_have_their_turn) {
  World world;
  world.accept({"a@x.example", "b@x.example"});
  world.settle(*world.lease(), {{0, given_back(world.now_ + minutes{1})}, {1, later()}});
  world.sleep();
  auto const lease = world.lease();
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->recipients, std::vector<std::uint32_t>{0});
  world.tell(LeaseUnreadable{lease->lease});
  EXPECT_EQ(world.queue_->stats().held, 1U);
  EXPECT_EQ(world.queue_->stats().leases_out, 0U);
  world.sleep();
  auto const other = world.lease();
  ASSERT_TRUE(other) << "b has its retry";
  EXPECT_EQ(other->recipients, std::vector<std::uint32_t>{1});
  world.restart();
  EXPECT_EQ(world.queue_->stats().held, 1U) << "a is not tried until somebody has looked";
}

TEST(QueueFaults, what_was_held_for_its_crashes_is_held_by_the_next_process_too) {
  World world;
  QueueId const id = world.accept({"a@x.example"});
  for (int crash = 0; crash < 3; ++crash) world.restart(id);
  ASSERT_EQ(world.queue_->stats().held, 1U);
  world.restart();
  EXPECT_EQ(world.queue_->stats().held, 1U);
  EXPECT_FALSE(world.lease());
}

TEST(QueueFaults, attempts_and_times_survive_a_restart) {
  World world;
  world.accept({"a@x.example"});
  world.settle_all(*world.lease(), later());
  world.sleep();
  world.settle_all(*world.lease(), later());
  auto const wake_at = world.wake_at_;
  world.restart();
  EXPECT_FALSE(world.lease());
  EXPECT_EQ(world.wake_at_, wake_at);
  world.sleep();
  EXPECT_EQ(world.lease()->attempt, 3U);
}

TEST(QueueFaults, a_hold_of_what_was_lent_survives_a_restart) {
  World world;
  QueueId const id = world.accept({"a@x.example"});
  world.admin(AdminAction::hold, {.ids = {id}});
  world.settle_all(*world.lease(), later());
  world.restart();
  EXPECT_EQ(world.queue_->stats().held, 1U);
  EXPECT_FALSE(world.lease());
}

TEST(QueueFaults, what_is_removed_while_it_stands_in_line_takes_no_lease_with_it) {
  World world{{.leases_max = 1, .leases_per_domain_max = 1}};
  world.accept({"a@x.example"});
  QueueId const waiting = world.accept({"b@x.example"});
  world.admin(AdminAction::remove, {.ids = {waiting}});
  world.settle_all(*world.lease(), Delivered{});
  EXPECT_FALSE(world.lease());
  world.accept({"c@x.example"});
  EXPECT_TRUE(world.lease()) << "the only lease is free again";
}

TEST(QueueFaults, nobody_is_deferred_behind_his_end) {
  World world;
  QueueId const id = world.accept({"a@x.example", "b@x.example"});
  auto const lease = world.lease();
  world.admin(AdminAction::bounce, {.ids = {id}});
  // Different times make two entries of the deferrals; the ends share one.
  world.settle(*lease, {{0, later(world.now_ + minutes{5})}, {1, later(world.now_ + minutes{6})}});
  auto const kinds = world.kinds(id);
  auto const first_end = std::ranges::find(kinds.begin() + 2, kinds.end(), journal::Kind::bounced);
  ASSERT_NE(first_end, kinds.end());
  EXPECT_EQ(std::find(first_end, kinds.end(), journal::Kind::deferred), kinds.end());
}

TEST(QueueFaults, a_delay_is_told_by_the_try_that_comes_when_the_ladder_says) {
  World world;
  world.accept({"a@x.example"});
  auto const lease = world.lease();
  world.now_ += RetryLadder{}.warn_after;
  world.settle_all(*lease, later());
  ASSERT_EQ(world.reports_.size(), 1U);
  EXPECT_EQ(world.reports_[0].items[0].action, ReportAction::delayed);
}

TEST(QueueFaults, no_report_is_wanted_about_a_recipient_that_is_not_there) {
  QueuedMessage message;
  message.envelope.reverse_path.mailbox = mail::Mailbox{"a", {"x.example"}};
  message.envelope.forward_paths.resize(2);
  message.envelope.forward_paths.pop_back();
  EXPECT_TRUE(report_wanted(message, {.recipient = 0, .state = {}, .status = {}}));
  EXPECT_FALSE(report_wanted(message, {.recipient = 1, .state = {}, .status = {}}));
}
}  // namespace
}  // namespace pb::queue
