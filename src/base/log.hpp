// log.hpp: one line an event, key=value, ids first. The runtime writes it; tests collect it.
// Spec: STYLE.md "Logging".                    Not here: the writer (runtime/log_writer), the
// journal.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace pb {
/// Who must act: error, the operator now; warning, soon; info, history; debug, nobody.
enum class LogLevel : unsigned char { debug, info, warning, error };

struct LogField {
  std::string_view key;
  std::string value;  // escaped by the writer; never a password, AUTH line, token or body
};

class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view event, std::span<LogField const> fields) = 0;

  void info(std::string_view event, std::initializer_list<LogField> fields) {
    write(LogLevel::info, event, {fields.begin(), fields.size()});
  }
  void warning(std::string_view event, std::initializer_list<LogField> fields) {
    write(LogLevel::warning, event, {fields.begin(), fields.size()});
  }
  void error(std::string_view event, std::initializer_list<LogField> fields) {
    write(LogLevel::error, event, {fields.begin(), fields.size()});
  }
};

/// Takes everything and keeps nothing.
class NullLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::span<LogField const>) override {}
};
}  // namespace pb
