// queue_intake_test.cpp: from a received message to a durable one, small and large, captured or
// not. Spec: queue_intake.hpp; RFC 5321 §6.1.                   Not here: SMTP (server_test.cpp).
#include "runtime/queue_intake.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "runtime/captured_messages.hpp"
#include "runtime/queue_fixture.hpp"

namespace pb::runtime {
namespace {
using smtp::server::CommitAnswer;
using smtp::server::CommitResult;

struct World {
  explicit World(IntakeSettings settings = {}, DiskSpace space = {1000, 900, 0, 0})
      : guards{{.data_dir = queue.store().data_dir(), .free_octets_min = 1},
               queue.clock(),
               [space](auto const&) { return space; }},
        intake{
            make_queue_intake(queue.runner(), pool, guards, queue.clock(), std::move(settings))} {}

  /// As a session hands it in: the body in pieces of 10,000 octets.
  CommitAnswer receive(std::string const& recipient, std::size_t body_octets) {
    asio::io_context loop{1};
    CommitAnswer answer;
    asio::co_spawn(loop, run(recipient, std::string(body_octets, 'b'), answer), asio::detached);
    loop.run();
    return answer;
  }
  asio::awaitable<void> run(std::string recipient, std::string body, CommitAnswer& answer) {
    AcceptedMessage message;
    message.id = intake->make_id();
    message.body = intake->open_body(message.id);
    for (std::size_t at = 0; at < body.size(); at += 10'000) {
      auto const taken = message.body->append(std::string_view{body}.substr(at, 10'000));
      if (!taken) static_cast<void>(co_await message.body->settle());
    }
    auto const at = recipient.find('@');
    message.message.envelope.forward_paths.push_back(
        {mail::Mailbox{recipient.substr(0, at), {recipient.substr(at + 1)}}, {}, ""});
    message.message.header = mail::HeaderSection::parse("Subject: x\r\n").value();
    message.message.trace = "Received: y\r\n";
    message.message.body_octets = body.size();
    message.message.empty_line = empty_line;
    answer = co_await intake->commit(std::move(message));
  }

  bool empty_line = true;
  QueueFixture queue;
  StoragePool pool;
  Guards guards;
  std::shared_ptr<Intake> intake;
};

TEST(QueueIntake, a_message_that_ends_within_its_header_section_gets_no_line_more) {
  World world;
  world.empty_line = false;
  world.receive("a@b.example", 0);
  auto const leased = world.queue.leases().next();
  ASSERT_TRUE(leased);
  EXPECT_EQ(leased->bytes->read_all(100).value(), "Received: y\r\nSubject: x\r\n");
}

TEST(QueueIntake, small_and_large_bodies_come_out_as_they_came_in) {
  for (std::size_t const octets : {0U, 100U, 65'536U, 65'537U, 1'000'000U}) {
    World world;
    CommitAnswer const answer = world.receive("a@b.example", octets);
    EXPECT_EQ(answer.result, CommitResult::durable);
    auto const leased = world.queue.leases().next();
    ASSERT_TRUE(leased);
    EXPECT_EQ(leased->lease.id, answer.queue_id);
    EXPECT_EQ(leased->bytes->in_memory(), octets <= 65'536);
    EXPECT_EQ(leased->bytes->read_all(2'000'000).value(),
              "Received: y\r\nSubject: x\r\n\r\n" + std::string(octets, 'b'));
    EXPECT_EQ(world.guards.memory_taken(), 0U) << "given back";
  }
}

TEST(QueueIntake, a_large_body_goes_with_its_message_and_an_abandoned_one_at_once) {
  World world;
  world.receive("a@b.example", 200'000);
  EXPECT_EQ(world.queue.store().body_files().list().size(), 1U);
  auto const leased = world.queue.leases().next();
  world.queue.settle(leased->lease, queue::Delivered{});
  world.queue.reopen();
  EXPECT_TRUE(world.queue.store().body_files().list().empty());
}

TEST(QueueIntake, captured_messages_rest_for_the_inbox_and_are_never_lent) {
  World world{{.is_captured =
                   [](auto const&, mail::ForwardPath const& path) {
                     return path.mailbox.domain.text == "sandbox.example";
                   },
               .is_discarded = {}}};
  CommitAnswer const answer = world.receive("a@sandbox.example", 70'000);
  EXPECT_EQ(answer.result, CommitResult::durable);
  EXPECT_FALSE(world.queue.leases().next(std::chrono::milliseconds{20}));
  CapturedMessages inbox{world.queue.store(), &world.queue.runner()};
  ASSERT_EQ(inbox.list(QueueId{}, 10).value().size(), 1U);
  EXPECT_EQ(inbox.list(answer.queue_id, 10).value().size(), 0U) << "behind the last";
  EXPECT_EQ(inbox.get(answer.queue_id).value()->octets, 70'027U);
  EXPECT_EQ(inbox.read(answer.queue_id, 100'000).value()->size(), 70'027U);
  auto const before = inbox.changes();
  EXPECT_TRUE(inbox.remove(answer.queue_id).value());
  EXPECT_GT(inbox.changes(), before);
  EXPECT_FALSE(inbox.remove(answer.queue_id).value());
  EXPECT_EQ(world.queue.records(queue::Family::envelopes), 0U);
  world.receive("a@sandbox.example", 10);
  world.receive("b@sandbox.example", 10);
  EXPECT_EQ(inbox.clear().value(), 2U);
}

TEST(QueueIntake, discarded_messages_leave_nothing) {
  World world{{.is_captured = {}, .is_discarded = [](auto const&) { return true; }}};
  EXPECT_EQ(world.receive("a@b.example", 100'000).result, CommitResult::durable);
  ASSERT_TRUE(world.queue.runner().settle_down());
  EXPECT_EQ(world.queue.records(queue::Family::envelopes), 0U);
}

TEST(QueueIntake, a_full_disk_is_a_4xx_before_anything_is_written) {
  World world{{}, {1000, 40, 0, 0}};
  EXPECT_EQ(world.receive("a@b.example", 100).result, CommitResult::deferred_no_space);
  World inodes{{}, {1000, 900, 1000, 10}};
  EXPECT_EQ(inodes.receive("a@b.example", 100).result, CommitResult::deferred_no_space);
}

TEST(QueueIntake, a_commit_that_takes_too_long_is_withdrawn) {
  World world{{.commit_wait = Duration{30}, .is_captured = {}, .is_discarded = {}}};
  std::promise<void> go_on;
  world.queue.runner().query([&](auto const&) { go_on.get_future().wait(); });
  EXPECT_EQ(world.receive("a@b.example", 100).result, CommitResult::deferred_fault);
  go_on.set_value();
  ASSERT_TRUE(world.queue.runner().settle_down());
  EXPECT_FALSE(world.queue.leases().next(std::chrono::milliseconds{20}));
  EXPECT_EQ(world.queue.records(queue::Family::envelopes), 0U);
}
}  // namespace
}  // namespace pb::runtime
