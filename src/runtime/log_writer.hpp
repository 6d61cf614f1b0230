// log_writer.hpp: writes log lines from a thread of its own, so that no reader stalls the server.
// Spec: STYLE.md "Logging"; JSON lines RFC 8259.               Tests: log_writer_test.cpp
// Not here: what is worth a line (everyone's log_events), rotation (logrotate, journald).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace pb::runtime {
enum class LogForm : std::uint8_t { human, json };

struct LogWriterOptions {
  int descriptor = 2;  // borrowed; blocking or not
  LogForm form = LogForm::json;
  LogLevel level = LogLevel::info;
  bool colour = false;                       // human only
  std::size_t waiting_octets_max = 4 << 20;  // beyond it lines are dropped and counted
};

/// Lines wait in a bounded buffer. A reader that blocks costs lines, never time: the number lost is
/// written as `log-dropped` when there is room again.
class LogWriter final : public Log {
 public:
  LogWriter(Clock const& clock, LogWriterOptions options);
  /// Writes what waits, for at most a second, then gives up on it.
  ~LogWriter() override;
  LogWriter(LogWriter const&) = delete;
  LogWriter& operator=(LogWriter const&) = delete;

  /// Before it, write() writes at once: no thread may exist before root is dropped (decision 8).
  void start();
  /// Any thread. Peer text in a value is escaped and cut at 512 octets here.
  void write(LogLevel level, std::string_view event, std::span<LogField const> fields) override;
  /// Any thread (reload).
  void set_level(LogLevel level);
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One line with its line end: time, level, the fields that are ids, event, the other fields.
std::string log_line(LogForm form, bool colour, Instant now, LogLevel level, std::string_view event,
                     std::span<LogField const> fields);
}  // namespace pb::runtime
