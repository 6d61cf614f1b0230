// report_maker_test.cpp: a bounced recipient becomes a message with <> as sender; a bounced report
// becomes nothing.   Spec: RFC 3461 §6; RFC 5321 §6.1 (no report about a report).
#include "runtime/report_maker.hpp"

#include <gtest/gtest.h>

#include "runtime/queue_fixture.hpp"

namespace pb::runtime {
namespace {
TEST(ReportMaker, a_bounce_goes_back_once_and_ends_there) {
  TemporaryDirectory directory;
  StoreSettings store_settings;
  store_settings.data_dir = directory.path();
  auto store = RocksStore::open(store_settings);
  ASSERT_TRUE(store.has_value());
  WallClock clock;
  SeededRandom random{7}, report_random{8};
  NullLog log;
  LeaseBox leases;
  QueueRunner runner{**store, {}, clock, random, log};
  auto const sign = [](std::string_view message) {
    EXPECT_TRUE(message.ends_with("\r\n"));
    return std::string{"DKIM-Signature: of it\r\n"};
  };
  ReportMaker maker{
      runner, {"us.example", std::chrono::days{5}, {}, {}, {}, sign}, clock, report_random, log};
  runner.set_lease_sink(&leases);
  runner.set_report_sink(&maker);
  ASSERT_TRUE(runner.start().has_value());
  QueueId const id = QueueId::make(clock.now(), random);
  runner.accept(message_to(id, "bbo@two.example", clock.now()), [](queue::CommitVerdict) {});
  auto const first = leases.next();
  ASSERT_TRUE(first);
  queue::Bounced const bounced{{5, 1, 1}, queue::Reason::mailbox_unknown, {}};
  runner.settle({first->lease.lease, id, {{0, bounced}}, {}});

  auto const report = leases.next();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->lease.message->envelope.reverse_path.is_null());
  EXPECT_EQ(report->lease.message->envelope.forward_paths.at(0).mailbox.text(),
            "sender@from.example");
  auto const content = report->bytes->read_all(1 << 20);
  ASSERT_TRUE(content);
  EXPECT_TRUE(content->starts_with("DKIM-Signature: of it\r\n"));
  EXPECT_NE(content->find("Your message to bbo@two.example was not delivered"), std::string::npos)
      << *content;
  EXPECT_NE(content->find("\r\nSubject: x\r\n"), std::string::npos) << "of the message returned";
  EXPECT_NE(content->find("\r\nStatus: 5.1.1\r\n"), std::string::npos);

  runner.settle({report->lease.lease, report->lease.id, {{0, bounced}}, {}});
  EXPECT_FALSE(leases.next(std::chrono::milliseconds{300})) << "none about <>";
  runner.stop();
}
}  // namespace
}  // namespace pb::runtime
