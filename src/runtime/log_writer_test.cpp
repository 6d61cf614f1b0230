// log_writer_test.cpp: a log line is one line, safe to read, and never costs the server time.
// Spec: log_writer.hpp.
#include "runtime/log_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "runtime/system.hpp"

namespace pb::runtime {
namespace {
using namespace std::chrono_literals;
constexpr Instant at{1'763'745'601'204ms};  // 2025-11-21T17:20:01.204Z

TEST(LogWriter, writes_json_with_ids_before_the_event) {
  std::array const fields{LogField{"from", "a@b.example"}, LogField{"session", "1f"}};
  EXPECT_EQ(log_line(LogForm::json, false, at, LogLevel::info, "accepted", fields),
            "{\"time\":\"2025-11-21T17:20:01.204Z\",\"level\":\"info\",\"session\":\"1f\","
            "\"event\":\"accepted\",\"from\":\"a@b.example\"}\n");
}

TEST(LogWriter, escapes_what_a_peer_sent_in_both_forms) {
  std::array const fields{LogField{"helo", "a\r\n{\"level\":\"error\"}\x1b[2J\xff"}};
  for (LogForm const form : {LogForm::human, LogForm::json}) {
    std::string const line = log_line(form, false, at, LogLevel::info, "ehlo", fields);
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
    EXPECT_EQ(line.find('\xff'), std::string::npos) << line;
  }
  EXPECT_NE(log_line(LogForm::json, false, at, LogLevel::info, "e", fields).find(R"(\"level\")"),
            std::string::npos);
}

TEST(LogWriter, quotes_human_values_that_have_blanks) {
  std::array const fields{LogField{"why", "no such user"}, LogField{"code", "550"}};
  std::string const line = log_line(LogForm::human, false, at, LogLevel::warning, "r", fields);
  EXPECT_NE(line.find(" warning  r why=\"no such user\" code=550\n"), std::string::npos) << line;
}

TEST(LogWriter, cuts_long_values) {
  std::array const fields{LogField{"x", std::string(100'000, 'y')}};
  EXPECT_LT(log_line(LogForm::json, false, at, LogLevel::info, "e", fields).size(), 700U);
}

struct Pipe {
  std::array<int, 2> ends{};
  Pipe() { EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    for (int const end : ends) ::close(end);
  }
  std::string read_all() {
    ::close(ends[1]);
    ends[1] = -1;
    std::string out;
    std::array<char, 4096> chunk{};
    for (ssize_t got = 0; (got = ::read(ends[0], chunk.data(), chunk.size())) > 0;)
      out.append(chunk.data(), static_cast<std::size_t>(got));
    return out;
  }
};

TEST(LogWriter, writes_everything_before_it_ends) {
  Pipe pipe;
  SystemClock const clock;
  {
    LogWriter log{clock, {.descriptor = pipe.ends[1]}};
    log.write(LogLevel::info, "before-start", {});
    log.start();
    for (int i = 0; i < 200; ++i) log.info("line", {{"n", std::to_string(i)}});
  }
  std::string const text = pipe.read_all();
  EXPECT_NE(text.find("before-start"), std::string::npos);
  EXPECT_NE(text.find("\"n\":\"199\""), std::string::npos);
}

TEST(LogWriter, a_pipe_that_nobody_reads_costs_lines_and_no_time) {
  Pipe pipe;
  SystemClock const clock;
  LogWriter log{clock, {.descriptor = pipe.ends[1], .waiting_octets_max = 64 << 10}};
  log.start();
  std::string const filler(400, 'x');
  Instant const began = clock.now();
  for (int i = 0; i < 10'000; ++i) log.info("line", {{"filler", filler}});
  EXPECT_LT(clock.now() - began, 5s);
  EXPECT_GT(log.dropped(), 5000U);
}

TEST(LogWriter, lower_levels_are_left_out_and_the_level_can_change) {
  Pipe pipe;
  SystemClock const clock;
  {
    LogWriter log{clock, {.descriptor = pipe.ends[1], .level = LogLevel::warning}};
    log.info("quiet", {});
    log.set_level(LogLevel::info);
    log.info("heard", {});
  }
  std::string const text = pipe.read_all();
  EXPECT_EQ(text.find("quiet"), std::string::npos);
  EXPECT_NE(text.find("heard"), std::string::npos);
}
}  // namespace
}  // namespace pb::runtime
