// dmarc_reporter_test.cpp: a day of results becomes reports, to those who may have them, once.
// Spec: RFC 9990 §3, §4; dmarc_reporter.hpp (what survives a restart).
#include "runtime/dmarc_reporter.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/encoding.hpp"
#include "dns/world_yaml.hpp"
#include "runtime/gzip.hpp"
#include "runtime/queue_fixture.hpp"

namespace pb::runtime {
namespace {
struct HandClock final : Clock {
  Instant time{std::chrono::days{20'000}};
  [[nodiscard]] Instant now() const override { return time; }
};

class DmarcReporterTest : public ::testing::Test {
 protected:
  DmarcReporterTest() { restart(); }
  void restart() {
    reporter.reset();
    reporter.emplace(DmarcReporterParts{
        resolver, *files, directory.path(), clock, random, log, [] { return QueueId{77}; },
        [this](queue::NewMessage message) { sent.push_back(std::move(message)); }});
    DmarcReportSettings settings;
    settings.on = on;
    settings.contact = "postmaster@mx.example.org";
    settings.reporting.hostname = "mx.example.org";
    settings.reporting.sign = [](std::string_view) { return "DKIM-Signature: ours\r\n"; };
    reporter->set(settings);
  }
  void found(std::string const& domain, std::vector<std::string> uris,
             dmarc::Word word = dmarc::Word::fail) {
    MailAuthFindings findings;
    findings.dmarc.word = word;
    findings.dmarc.author_domain = findings.dmarc.record_domain = domain;
    findings.dmarc.organizational_domain = domain;
    findings.dmarc.policy = findings.dmarc.record.policy = dmarc::Policy::reject;
    findings.dmarc.record.aggregate = std::move(uris);
    MailAuthSender sender;
    sender.ip = IpAddress::parse("192.0.2.1");
    sender.mail_from = "a@b.example";
    reporter->add({findings, sender, policy::Disposal::junk, false, clock.time});
  }
  std::vector<std::string> recipients() {
    std::vector<std::string> out;
    for (queue::NewMessage const& one : sent)
      out.push_back(one.record.message.envelope.forward_paths.at(0).mailbox.text());
    return out;
  }

  TemporaryDirectory directory;
  std::shared_ptr<FileSystem> files = real_files();  // as its maker gives it
  HandClock clock;
  SeededRandom random{5};
  NullLog log;
  WorldResolver resolver{*dns::world_from_yaml(R"(
a.example._report._dmarc.watch.example:
  - TXT: "v=DMARC1"
b.example._report._dmarc.watch.example:
  - TXT: "hello"
)")};
  bool on = true;
  std::vector<queue::NewMessage> sent;
  std::optional<DmarcReporter> reporter;
};

TEST_F(DmarcReporterTest, a_day_becomes_one_report_to_each_address_of_a_domain) {
  found("a.example", {"mailto:d@a.example", "https://a.example/"});
  found("a.example", {"mailto:d@a.example", "https://a.example/"});
  EXPECT_EQ(reporter->look(), 0U) << "the day is not over";
  clock.time += std::chrono::days{1};
  EXPECT_EQ(reporter->look(), 1U);
  ASSERT_EQ(recipients(), std::vector<std::string>{"d@a.example"});
  queue::QueuedMessage const& message = sent[0].record.message;
  EXPECT_TRUE(message.envelope.reverse_path.is_null());
  EXPECT_EQ(message.trace, "DKIM-Signature: ours\r\n");
  EXPECT_NE(sent[0].inline_bytes.find("From: DMARC reports <postmaster@mx.example.org>\r\n"),
            std::string::npos);
  clock.time += std::chrono::days{1};
  EXPECT_EQ(reporter->look(), 0U) << "what was reported is not reported again";
}

TEST_F(DmarcReporterTest, another_domain_is_sent_reports_only_when_it_says_that_it_takes_them) {
  found("a.example", {"mailto:d@watch.example"});
  found("b.example", {"mailto:d@watch.example"});
  found("c.example", {"mailto:d@watch.example"});
  clock.time += std::chrono::days{1};
  EXPECT_EQ(reporter->look(), 1U);
  EXPECT_NE(sent[0].inline_bytes.find("Report Domain: a.example"), std::string::npos);
}

TEST_F(DmarcReporterTest, counts_survive_a_restart_and_are_gone_once_sent) {
  found("a.example", {"mailto:d@a.example"});
  restart();
  clock.time += std::chrono::days{1};
  restart();
  EXPECT_EQ(reporter->look(), 1U);
  restart();
  EXPECT_EQ(reporter->look(), 0U);
}

TEST_F(DmarcReporterTest, nothing_is_collected_where_nobody_asks_or_it_is_off) {
  found("a.example", {});
  found("a.example", {"mailto:d@a.example"}, dmarc::Word::temperror);
  on = false;
  restart();
  found("a.example", {"mailto:d@a.example"});
  on = true;
  restart();
  clock.time += std::chrono::days{1};
  EXPECT_EQ(reporter->look(), 0U);
}

TEST(Gzip, gives_back_what_went_in) {
  std::string const text(100'000, 'x');
  std::string const packed = gzip(text);
  EXPECT_LT(packed.size(), 1000U);
  std::string back(text.size() + 1, '\0');
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(back.data());
  stream.avail_out = static_cast<uInt>(back.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  back.resize(stream.total_out);
  inflateEnd(&stream);
  EXPECT_EQ(back, text);
}
}  // namespace
}  // namespace pb::runtime
