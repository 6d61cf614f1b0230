// data_reader.hpp: the octets behind 354: dots removed, ended by CRLF.CRLF and by nothing else.
// Spec: RFC 5321 §4.1.1.4, §4.5.2 (transparency), §2.3.8 (bare CR and LF).
// Tests: data_reader_test.cpp, fuzz/data_reader.cpp.      Not here: what a message may be
// (server/).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pb::smtp {
/// What is wrong with the text; the first fault stays.
enum class TextFault : std::uint8_t { none, bare_lf, bare_cr, line_too_long };
/// strict: a bare LF is a fault. normalise: it becomes CRLF (but never ends the message).
enum class LineRule : std::uint8_t { strict, normalise };
/// How far one run may go: `line` stops behind each CRLF (while a header section is gathered).
enum class Extent : std::uint8_t { line, longest };

/// need_more: `bytes` is empty; what was left of the input is to be given again with more behind it
/// (at most two octets are left). run: message octets, borrowed from the input or static. end: the
/// input stands behind CRLF.CRLF.
struct TextEvent {
  enum class Kind : std::uint8_t { need_more, run, end };
  Kind kind = Kind::need_more;
  std::string_view bytes;
};

class DataReader {
 public:
  explicit DataReader(LineRule rule = LineRule::strict) : rule_{rule} {}
  /// Takes what it understands off the front of `input`. After a fault no run is given any more,
  /// but the true end is still found. Linear: each octet is looked at a fixed number of times.
  TextEvent next(std::string_view& input, Extent extent = Extent::longest);
  [[nodiscard]] TextFault fault() const { return fault_; }

 private:
  enum class Stop : std::uint8_t { input_end, line_end, bare_lf, bare_cr };
  struct Scan {
    std::size_t length = 0;  // octets in front of the stop; behind it for line_end
    Stop stop = Stop::input_end;
  };
  enum class Dot : std::uint8_t { need_more, end, stuffed, data };
  [[nodiscard]] Scan scan_line(std::string_view input) const;
  [[nodiscard]] Dot judge_dot(std::string_view input) const;
  TextEvent take_run(std::string_view& input, Extent extent);
  TextEvent skip(std::string_view& input);
  void add_fault(TextFault fault);
  void count(std::size_t octets);

  std::size_t line_octets_ = 0;
  LineRule rule_;
  TextFault fault_ = TextFault::none;
  bool line_start_ = true;  // the dot rules hold here
  bool after_crlf_ = true;  // the line start is a true one: only here may the message end
};
}  // namespace pb::smtp
