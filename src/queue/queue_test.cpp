// queue_test.cpp: the reducer alone: what follows from each event, with a clock that a test moves.
// Spec: queue.hpp; RFC 5321 §4.5.4.1; RFC 3461 §4.1.        Not here: a real store (runtime/).
#include "queue/queue.hpp"

#include <gtest/gtest.h>

#include "queue/queue_world.hpp"

namespace pb::queue {
namespace {
using std::chrono::hours;
using std::chrono::minutes;

Deferred later(Reason reason = Reason::remote_deferred) {
  return {.reason = reason, .reply = {450, {4, 2, 1}, "later", "mx"}, .retry_at = {}};
}
Bounced refused() {
  return {{5, 1, 1}, Reason::remote_refused, {550, {5, 1, 1}, "no such user", "mx"}};
}

TEST(Queue, a_message_is_lent_after_its_commit_and_its_records_go_with_the_last_recipient) {
  World world;
  QueueId const id = world.accept({"a@x.example", "b@y.example"});
  ASSERT_EQ(world.answers_.size(), 1U);
  auto const lease = world.lease();
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->recipients, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_NE(lease->message, nullptr) << "fresh: nothing is read back";
  world.settle(*lease, {{1, Delivered{}}});
  EXPECT_FALSE(world.lease()) << "the first recipient is still lent";
  EXPECT_TRUE(world.records(Family::envelopes).contains(state_key(id, 1)));
  world.settle(*lease, {{0, Delivered{}}});
  EXPECT_TRUE(world.records(Family::envelopes).empty());
  EXPECT_TRUE(world.records(Family::bodies).empty());
  EXPECT_EQ(world.kinds(id), (std::vector{journal::Kind::accepted, journal::Kind::delivered,
                                          journal::Kind::delivered}));
  world.settle(*lease, {{0, Bounced{}}});  // said twice: ignored
  EXPECT_EQ(world.queue_->stats().messages, 0U);
}

TEST(Queue, a_withdrawn_commit_is_never_lent) {
  World world;
  world.withdrawn_ = {TicketId{1}};
  world.accept({"a@x.example"});
  EXPECT_TRUE(world.answers_.empty());
  EXPECT_FALSE(world.lease());
  EXPECT_TRUE(world.records(Family::envelopes).empty());
}

TEST(Queue, retries_climb_the_ladder_within_ten_percent_and_expire) {
  World world;
  QueueId const id = world.accept({"a@x.example"});
  std::vector<Duration> const ladder{minutes{5}, minutes{15}, hours{1}, hours{4}, hours{4}};
  for (Duration const step : ladder) {
    auto const lease = world.lease();
    ASSERT_TRUE(lease);
    world.settle_all(*lease, later());
    ASSERT_TRUE(world.wake_at_);
    auto const wait = *world.wake_at_ - world.now_;
    EXPECT_GE(wait, step * 9 / 10);
    EXPECT_LE(wait, step * 11 / 10);
    world.sleep();
  }
  while (auto const lease = world.lease()) {
    world.settle_all(*lease, later());
    if (world.wake_at_) world.sleep();
  }
  EXPECT_EQ(world.kinds(id).back(), journal::Kind::expired);
  EXPECT_EQ(world.now_ - world.messages_[id.value()]->accepted_at, std::chrono::days{5})
      << "the last try is when the time is over";
  ASSERT_EQ(world.reports_.size(), 2U) << "one delay warning, one failure";
  EXPECT_EQ(world.reports_[0].items[0].action, ReportAction::delayed);
  EXPECT_EQ(world.reports_[1].items[0].action, ReportAction::failed);
  EXPECT_EQ(world.reports_[1].items[0].status, (smtp::EnhancedStatus{5, 4, 7}));
}

TEST(Queue, a_bounce_is_owed_until_its_report_is_durable) {
  World world;
  QueueId const id = world.accept({"a@x.example"});
  world.settle_all(*world.lease(), refused());
  ASSERT_EQ(world.reports_.size(), 1U);
  EXPECT_TRUE(world.records(Family::envelopes).contains(envelope_key(id)));
  world.restart();
  ASSERT_EQ(world.reports_.size(), 1U) << "asked for again after a crash";
  EXPECT_EQ(world.reports_[0].items[0].state.reply.text, "no such user");
  EXPECT_FALSE(world.lease()) << "terminal: never attempted again";
  world.tell(Reported{id, {0}});
  EXPECT_TRUE(world.records(Family::envelopes).empty());
}

TEST(Queue, the_report_and_what_it_reports_are_one_batch) {
  World world;
  QueueId const id = world.accept({"a@x.example"});
  world.settle_all(*world.lease(), refused());
  NewMessage report;
  report.record.message.id = QueueId{99};
  report.record.message.envelope.forward_paths.push_back(
      {mail::Mailbox{"sender", {"from.example"}}, {}, ""});
  report.record.phases = {Phase::due};
  report.report_of = NewMessage::ReportOf{id, {0}};
  Effects out;
  world.queue_->handle(Accepted{TicketId{77}, report}, world.now_, out);
  auto const has = [&](std::string const& key, bool put) {
    return std::ranges::any_of(
        out.writes, [&](Write const& w) { return w.key == key && w.value.has_value() == put; });
  };
  EXPECT_TRUE(has(envelope_key(QueueId{99}), true));
  EXPECT_TRUE(has(envelope_key(id), false));
  EXPECT_EQ(out.durability, Durability::synced);
}

TEST(Queue, nobody_is_told_what_nobody_asked_for) {
  World never;
  never.accept({"a@x.example"}, {.specified = true, .never = true});
  never.settle_all(*never.lease(), refused());
  EXPECT_TRUE(never.reports_.empty());
  World success;
  success.accept({"a@x.example"}, {.specified = true, .success = true});
  success.settle_all(*success.lease(), Delivered{});
  ASSERT_EQ(success.reports_.size(), 1U);
  EXPECT_EQ(success.reports_[0].items[0].action, ReportAction::relayed);
  World passed_on;
  passed_on.accept({"a@x.example"}, {.specified = true, .success = true});
  passed_on.settle_all(*passed_on.lease(), Delivered{.reply = {}, .dsn_passed_on = true});
  EXPECT_TRUE(passed_on.reports_.empty());
}

TEST(Queue, a_lease_given_back_without_a_try_costs_no_attempt) {
  World world;
  world.accept({"a@x.example"});
  world.settle_all(
      *world.lease(),
      Deferred{.reason = Reason::site_busy, .reply = {}, .retry_at = {}, .attempted = false});
  auto const again = world.lease();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->attempt, 1U);
}

TEST(Queue, domains_take_turns_and_none_has_more_than_its_share) {
  World world{{.leases_max = 4, .leases_per_domain_max = 2}};
  for (int i = 0; i < 10; ++i) world.accept({"a@flood.example"});
  for (int i = 0; i < 2; ++i) world.accept({"a@quiet.example"});
  std::vector<Lease> const out = world.leases_;
  ASSERT_EQ(out.size(), 4U);
  auto const quiet = std::ranges::count_if(out, [&](Lease const& lease) {
    return lease.message->envelope.forward_paths[0].mailbox.domain.text == "quiet.example";
  });
  EXPECT_EQ(quiet, 2);
  world.leases_.clear();
  for (Lease const& lease : out) world.settle_all(lease, Delivered{});
  EXPECT_EQ(world.leases_.size(), 2U) << "the flood's share, although more leases are free";
}

TEST(Queue, three_crashes_in_flight_hold_a_message_until_it_is_released) {
  World world;
  QueueId const id = world.accept({"a@x.example"});
  for (int crash = 1; crash <= 3; ++crash) {
    EXPECT_TRUE(world.lease()) << crash;
    world.restart(id);
  }
  EXPECT_FALSE(world.lease());
  EXPECT_EQ(world.queue_->stats().held, 1U);
  world.admin(AdminAction::release, {.ids = {id}});
  EXPECT_TRUE(world.lease());
}

TEST(Queue, an_operator_holds_releases_and_bounces_by_what_messages_share) {
  World world{{.leases_max = 0}};
  world.accept({"a@x.example", "b@y.example"});
  world.accept({"A@X.example"});
  world.admin(AdminAction::hold, {.domain = "x.example"});
  EXPECT_EQ(world.queue_->stats().held, 2U);
  EXPECT_EQ(world.progress_.back().recipients, 2U);
  world.admin(AdminAction::release, {.recipient = "a@x.example"});
  EXPECT_EQ(world.queue_->stats().held, 0U) << "no case in a local part's search";
  world.admin(AdminAction::bounce, {.account = "anna"});
  EXPECT_EQ(world.queue_->stats().due, 0U);
  EXPECT_EQ(world.queue_->stats().reports_due, 3U);
  world.admin(AdminAction::hold, {});
  EXPECT_EQ(world.progress_.back().recipients, 0U) << "an empty filter matches nothing";
}

TEST(Queue, deletion_leaves_nothing_and_tells_nobody) {
  World world{{.leases_max = 0}};
  QueueId const id = world.accept({"a@x.example", "b@y.example"});
  world.admin(AdminAction::remove, {.all = true});
  EXPECT_TRUE(world.records(Family::envelopes).empty());
  EXPECT_TRUE(world.reports_.empty());
  EXPECT_EQ(world.kinds(id).back(), journal::Kind::removed);
}

TEST(Queue, orders_about_a_lent_recipient_wait_for_its_settle) {
  World world;
  QueueId const id = world.accept({"a@x.example"});
  auto const lease = world.lease();
  world.admin(AdminAction::hold, {.ids = {id}});
  EXPECT_EQ(world.queue_->stats().leased, 1U);
  world.settle_all(*lease, later());
  EXPECT_EQ(world.queue_->stats().held, 1U);
  world.admin(AdminAction::release, {.ids = {id}});
  world.admin(AdminAction::remove, {.ids = {id}});
  world.settle_all(*world.lease(), Delivered{});
  EXPECT_EQ(world.queue_->stats().messages, 0U) << "delivered before the order could matter";
}

TEST(Queue, the_attempt_that_an_order_waited_for_is_journalled_before_the_end_that_it_ordered) {
  World world;
  QueueId const id = world.accept({"a@x.example", "b@x.example"});
  auto const lease = world.lease();
  world.admin(AdminAction::bounce, {.ids = {id}});
  world.settle(*lease, {{0, later()}, {1, later(Reason::remote_timeout)}});
  std::vector<journal::Kind> told = world.kinds(id);
  std::erase_if(told, [](journal::Kind kind) {
    return kind != journal::Kind::deferred && kind != journal::Kind::bounced;
  });
  using enum journal::Kind;
  EXPECT_EQ(told, (std::vector{bounced, deferred, deferred, bounced}))
      << "the order, both attempts, one end for both";
}

TEST(Queue, en_masse_orders_go_in_slices_and_survive_a_restart) {
  World world{{.leases_max = 0, .slice = 10}};
  for (int i = 0; i < 95; ++i) world.accept({"a@x.example"});
  world.admin(AdminAction::hold, {.domain = "x.example"});
  EXPECT_EQ(world.queue_->stats().held, 10U);
  for (int slice = 1; slice < 10; ++slice) {
    EXPECT_EQ(world.wake_at_, world.now_) << "the next slice comes at once, behind other events";
    world.sleep();
  }
  EXPECT_EQ(world.queue_->stats().held, 95U);
  EXPECT_TRUE(world.progress_.back().finished);
  world.restart();
  EXPECT_EQ(world.queue_->stats().held, 95U);
}

TEST(Queue, a_slice_ends_when_much_was_changed_although_more_could_be_looked_at) {
  World world{{.leases_max = 0, .slice = 50, .slice_changes = 4}};
  for (int i = 0; i < 10; ++i) world.accept({"a@x.example", "b@x.example", "c@else.example"});
  world.admin(AdminAction::hold, {.domain = "x.example"});
  EXPECT_EQ(world.queue_->stats().held, 4U);
  while (!world.progress_.back().finished) world.sleep();
  EXPECT_EQ(world.queue_->stats().held, 20U);
}

TEST(Queue, a_new_route_is_lent_with_the_message) {
  World world{{.leases_max = 1}};
  QueueId const id = world.accept({"a@x.example"});
  world.settle_all(*world.lease(), later());
  world.admin(AdminAction::reroute, {.ids = {id}}, "relay://192.0.2.1:25");
  auto lease = world.lease();
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->via, "relay://192.0.2.1:25");
  world.settle_all(*lease, later());
  world.restart();
  world.admin(AdminAction::retry, {.ids = {id}});
  EXPECT_EQ(world.lease()->via, "relay://192.0.2.1:25");
}

TEST(Queue, a_failed_store_ends_acceptance_and_lending) {
  World world;
  world.tell(StoreFailed{});
  world.accept({"a@x.example"});
  ASSERT_EQ(world.answers_.size(), 1U);
  EXPECT_EQ(world.answers_[0].verdict, CommitVerdict::store_failed);
  EXPECT_FALSE(world.lease());
}

TEST(Queue, a_second_message_under_a_queued_id_is_refused_and_the_first_one_stays) {
  World world;
  QueueId const id = world.accept({"a@x.example"});
  world.accept_again(id);
  ASSERT_EQ(world.answers_.size(), 2U);
  EXPECT_EQ(world.answers_[0].verdict, CommitVerdict::durable);
  EXPECT_EQ(world.answers_[1].verdict, CommitVerdict::store_failed);
  auto const lease = world.lease();
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->id, id);
  EXPECT_FALSE(world.lease());
}

TEST(Queue, a_captured_message_rests_until_the_inbox_lets_go) {
  World world;
  NewMessage message;
  message.record.message.id = QueueId{5};
  message.record.message.envelope.forward_paths.push_back(
      {mail::Mailbox{"a", {"sandbox.example"}}, {}, ""});
  message.record.phases = {Phase::delivered};
  message.record.captured = true;
  world.tell(Accepted{TicketId{1000}, message});
  EXPECT_FALSE(world.lease());
  EXPECT_EQ(world.records(Family::envelopes).size(), 1U);
  world.restart();
  EXPECT_FALSE(world.lease());
  world.tell(CapturedReleased{QueueId{5}});
  EXPECT_TRUE(world.records(Family::envelopes).empty());
  EXPECT_TRUE(world.records(Family::bodies).empty());
}

/// What the sender hears until the message is over, all tries in vain.
std::vector<ReportItem> told_in_vain(World& world, Duration deliver_by, bool return_late) {
  world.wish_ = [&, deliver_by](mail::Envelope& envelope) {
    envelope.deliver_by = world.now_ + deliver_by;
    envelope.deliver_by_return = return_late;
  };
  world.accept({"a@x.example"});
  while (auto const lease = world.lease()) {
    world.settle_all(*lease, later());
    if (world.wake_at_) world.sleep();
  }
  std::vector<ReportItem> items;
  for (ReportRequest const& report : world.reports_) items.push_back(report.items.front());
  return items;
}

TEST(Queue, what_is_to_be_returned_when_late_is_returned_at_its_time) {  // RFC 2852 §4
  World world;
  Instant const before = world.now_;
  auto const told = told_in_vain(world, minutes{30}, true);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].action, ReportAction::failed);
  EXPECT_EQ(told[0].status, (smtp::EnhancedStatus{5, 4, 7}));
  EXPECT_EQ(told[0].state.reason, Reason::deliver_by_passed);
  EXPECT_EQ(world.now_ - before, minutes{30});
}

TEST(Queue, a_late_message_that_is_not_to_be_returned_causes_a_notice_and_goes_on) {
  World early;
  Instant const before = early.now_;
  auto const told = told_in_vain(early, minutes{30}, false);
  ASSERT_EQ(told.size(), 2U) << "it is late; hours later it need not be said again";
  EXPECT_EQ(told[0].action, ReportAction::delayed);
  EXPECT_EQ(told[0].status.klass, 4);
  EXPECT_EQ(told[1].action, ReportAction::failed);
  EXPECT_EQ(early.now_ - before, std::chrono::days{5});
  World late;
  EXPECT_EQ(told_in_vain(late, hours{30}, false).size(), 3U) << "the usual notice comes first";
}

TEST(Queue, the_sender_hears_when_a_next_hop_does_not_know_of_the_time_that_was_wished) {
  auto const told = [](Delivered const& outcome, mail::DsnNotify notify, bool return_late) {
    World world;
    world.wish_ = [&](mail::Envelope& envelope) {
      envelope.deliver_by = world.now_ + minutes{30};
      envelope.deliver_by_return = return_late;
    };
    world.accept({"a@x.example"}, notify);
    world.settle_all(*world.lease(), outcome);
    return world.reports_.size() == 1 &&
           world.reports_[0].items[0].action == ReportAction::relayed &&
           report_wanted(*world.reports_[0].message, world.reports_[0].items[0]);
  };
  EXPECT_TRUE(told(Delivered{}, {}, false));  // RFC 2852 §4.1.4
  EXPECT_FALSE(told(Delivered{}, {.specified = true, .never = true}, false));
  EXPECT_FALSE(told(Delivered{.reply = {}, .deliver_by_passed_on = true}, {}, false));
  EXPECT_FALSE(told(Delivered{.reply = {}, .destination = Destination::mailbox}, {}, false));
}

TEST(Queue, who_asked_for_failures_only_hears_of_no_delay) {
  World world;
  world.wish_ = [&](mail::Envelope& envelope) {
    envelope.deliver_by = world.now_;
    envelope.forward_paths.front().notify = {.specified = true, .failure = true};
  };
  world.accept({"a@x.example"});
  world.settle_all(*world.lease(), later());
  EXPECT_TRUE(world.reports_.empty());
}

TEST(Queue, what_was_never_tried_expires_too) {
  World world;
  world.accept({"a@x.example"});
  world.now_ += std::chrono::days{6};
  world.settle_all(*world.lease(), Deferred{.reason = Reason::site_down,
                                            .reply = {},
                                            .retry_at = world.now_ + minutes{1},
                                            .attempted = false});
  ASSERT_EQ(world.reports_.size(), 1U);
  EXPECT_EQ(world.reports_[0].items[0].action, ReportAction::failed);
  EXPECT_FALSE(world.lease());
}

TEST(Queue, what_is_more_urgent_is_lent_first) {  // RFC 6710 §5.2
  World world{{.leases_max = 1}};
  std::vector<QueueId> ids;
  for (int const priority : {0, -3, 0, 7}) {
    world.wish_ = [priority](mail::Envelope& envelope) {
      envelope.priority = static_cast<std::int8_t>(priority);
    };
    ids.push_back(world.accept({"a@x.example"}));
  }
  std::vector<QueueId> order;
  while (auto const lease = world.lease()) {
    order.push_back(lease->id);
    world.settle_all(*lease, Delivered{});
  }
  EXPECT_EQ(order, (std::vector<QueueId>{ids[0], ids[3], ids[2], ids[1]}))
      << "the first was lent before the others came";
}

TEST(Queue, what_may_not_leave_yet_waits) {  // RFC 4865 §4
  World world{{.leases_max = 0}};
  NewMessage message;
  message.record.message.id = QueueId{5};
  message.record.message.envelope.forward_paths.push_back(
      {mail::Mailbox{"a", {"x.example"}}, {}, ""});
  message.record.message.envelope.hold_until = world.now_ + hours{1};
  message.record.phases = {Phase::due};
  world.tell(Accepted{TicketId{1000}, message});
  EXPECT_EQ(world.wake_at_, world.now_ + hours{1});
  world.restart();
  EXPECT_EQ(world.queue_->stats().deferred, 1U);
}

TEST(Queue, a_clock_that_was_set_back_holds_nobody_up) {
  World world;
  world.accept({"a@x.example"});
  world.settle_all(*world.lease(), later());
  Duration const wait = *world.wake_at_ - world.now_;
  world.now_ -= hours{24};
  world.tell(ClockSetBack{hours{24}});
  EXPECT_EQ(*world.wake_at_ - world.now_, wait) << "as long as before";
  world.now_ -= hours{24};
  world.restart();  // nobody told this one: it reads times of a day ahead
  EXPECT_LE(*world.wake_at_ - world.now_, Duration{hours{4}} * 11 / 10) << "no step is longer";
}

TEST(Queue, a_time_of_day_that_somebody_asked_for_stays_when_the_clock_is_set_back) {
  World world;
  Instant const wanted = world.now_ + hours{10};
  world.wish_ = [&](mail::Envelope& envelope) { envelope.hold_until = wanted; };
  world.accept({"a@x.example"});
  world.now_ -= hours{24};
  world.tell(ClockSetBack{hours{24}});
  EXPECT_EQ(world.wake_at_, wanted);
}
}  // namespace
}  // namespace pb::queue
