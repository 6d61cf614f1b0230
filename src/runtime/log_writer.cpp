// log_writer.cpp: writes log lines from a thread of its own, so that no reader stalls the server.
// Spec: STYLE.md "Logging"; JSON lines RFC 8259.               Tests: log_writer_test.cpp
// Not here: what is worth a line, rotation (logrotate, journald).
#include "runtime/log_writer.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <thread>

#include "base/encoding.hpp"

namespace pb::runtime {
namespace {
constexpr std::size_t value_octets_max = 512;
constexpr std::array<std::string_view, 6> id_keys{"session", "message", "attempt",
                                                  "lease",   "account", "job"};

bool is_id(LogField const& field) { return std::ranges::find(id_keys, field.key) != id_keys.end(); }

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "";
}

std::string_view colour_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "\x1b[2m";
    case LogLevel::info:
      return "";
    case LogLevel::warning:
      return "\x1b[33m";
    case LogLevel::error:
      return "\x1b[31m";
  }
  return "";
}

/// escape_for_display has left no control character and only valid UTF-8.
void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (char const c : escape_for_display(text, value_octets_max)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void append_human(std::string& out, std::string_view text) {
  std::string const safe = escape_for_display(text, value_octets_max);
  bool const plain = !safe.empty() && safe.find_first_of(" \"=") == std::string::npos;
  if (plain) {
    out += safe;
    return;
  }
  out += '"';
  for (char const c : safe) {
    if (c == '"') out += '\\';
    out += c;
  }
  out += '"';
}

std::string time_text(Instant now, LogForm form) {
  auto const seconds = std::chrono::floor<std::chrono::seconds>(now);
  auto const ms = (now - seconds).count();
  std::time_t const at = std::chrono::system_clock::to_time_t(seconds);
  std::tm parts{};
  if (form == LogForm::json) {
    ::gmtime_r(&at, &parts);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", parts, ms);
  }
  ::localtime_r(&at, &parts);
  return fmt::format("{:%H:%M:%S}.{:03}", parts, ms);
}

std::string json_line(Instant now, LogLevel level, std::string_view event,
                      std::span<LogField const> fields) {
  std::string out = "{\"time\":\"" + time_text(now, LogForm::json) + "\",\"level\":\"";
  out.append(name_of(level)).append("\"");
  auto const append = [&](std::string_view key, std::string_view value) {
    out += ',';
    append_json(out, key);
    out += ':';
    append_json(out, value);
  };
  for (LogField const& field : fields)
    if (is_id(field)) append(field.key, field.value);
  append("event", event);
  for (LogField const& field : fields)
    if (!is_id(field)) append(field.key, field.value);
  return out + "}\n";
}

std::string human_line(bool colour, Instant now, LogLevel level, std::string_view event,
                       std::span<LogField const> fields) {
  std::string out = time_text(now, LogForm::human);
  if (level != LogLevel::info) out.append(" ").append(name_of(level));
  auto const append = [&](LogField const& field) {
    out.append(" ").append(field.key).append("=");
    append_human(out, field.value);
  };
  for (LogField const& field : fields)
    if (is_id(field)) append(field);
  out.append("  ").append(event);
  for (LogField const& field : fields)
    if (!is_id(field)) append(field);
  std::string_view const code = colour ? colour_of(level) : std::string_view{};
  return code.empty() ? out + "\n" : std::string{code} + out + "\x1b[0m\n";
}
}  // namespace

std::string log_line(LogForm form, bool colour, Instant now, LogLevel level, std::string_view event,
                     std::span<LogField const> fields) {
  return form == LogForm::json ? json_line(now, level, event, fields)
                               : human_line(colour, now, level, event, fields);
}

struct LogWriter::Impl {
  Impl(Clock const& the_clock, LogWriterOptions the_options)
      : clock{the_clock}, options{the_options}, level{the_options.level} {}

  Clock const& clock;
  LogWriterOptions const options;
  std::atomic<LogLevel> level;
  std::atomic<std::uint64_t> dropped_all{0};
  std::mutex mutex;
  std::condition_variable_any work;
  std::string waiting;              // guarded by mutex
  std::uint64_t dropped_since = 0;  // guarded by mutex
  std::jthread writer;

  std::string line(LogLevel of, std::string_view event, std::span<LogField const> fields) const {
    return log_line(options.form, options.colour, clock.now(), of, event, fields);
  }

  void add(std::string line) {
    std::lock_guard const lock{mutex};
    if (waiting.size() + line.size() > options.waiting_octets_max) {
      ++dropped_since;
      dropped_all.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    bool const was_empty = waiting.empty();
    waiting += line;
    if (was_empty) work.notify_one();
  }

  void run(std::stop_token stop) {
    std::string batch;
    for (;;) {
      {
        std::unique_lock lock{mutex};
        work.wait(lock, stop, [&] { return !waiting.empty(); });
        if (waiting.empty()) return;  // asked to stop
        batch.swap(waiting);
        if (dropped_since != 0) {
          std::array const fields{LogField{"lines", std::to_string(dropped_since)}};
          batch += line(LogLevel::warning, "log-dropped", fields);
          dropped_since = 0;
        }
      }
      write_out(batch, stop);
      batch.clear();
    }
  }

  /// A pipe that polls writable has room for PIPE_BUF: writes of at most that much never block.
  void write_out(std::string_view bytes, std::stop_token const& stop) const {
    // Tenths of a second, once the server stops or while it has no thread yet.
    int patience = 10;
    while (!bytes.empty()) {
      pollfd one{options.descriptor, POLLOUT, 0};
      int const ready = ::poll(&one, 1, 100);
      bool const hurried = stop.stop_requested() || !stop.stop_possible();
      if (ready == 0 && hurried && --patience == 0) return;
      if (ready <= 0) continue;
      ssize_t const written =
          ::write(options.descriptor, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
      if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
      bool const again = written < 0 && (errno == EAGAIN || errno == EINTR);
      if (written < 0 && !again) return;  // nobody reads any more: nothing can be said about it
    }
  }
};

LogWriter::LogWriter(Clock const& clock, LogWriterOptions options)
    : impl_{std::make_unique<Impl>(clock, options)} {}

LogWriter::~LogWriter() = default;

void LogWriter::start() {
  impl_->writer = std::jthread{[impl = impl_.get()](std::stop_token stop) { impl->run(stop); }};
}

void LogWriter::write(LogLevel level, std::string_view event, std::span<LogField const> fields) {
  if (level < impl_->level.load(std::memory_order_relaxed)) return;
  std::string line = impl_->line(level, event, fields);
  if (impl_->writer.joinable()) return impl_->add(std::move(line));
  impl_->write_out(line, {});
}

void LogWriter::set_level(LogLevel level) { impl_->level.store(level); }

std::uint64_t LogWriter::dropped() const { return impl_->dropped_all.load(); }
}  // namespace pb::runtime
