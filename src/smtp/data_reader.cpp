// data_reader.cpp: see data_reader.hpp.                  Spec: RFC 5321 §4.1.1.4, §4.5.2, §2.3.8.
// A run goes over as many lines as lie in the input; it ends where a dot must go, at a fault, or
// where CR or a dot is the last octet known.             Not here: chunks (bdat.cpp).
#include "smtp/data_reader.hpp"

#include <cstring>

#include "base/limits.hpp"

namespace pb::smtp {
namespace {
std::size_t find(std::string_view text, char c) {
  void const* const at = std::memchr(text.data(), c, text.size());
  return at == nullptr ? text.size()
                       : static_cast<std::size_t>(static_cast<char const*>(at) - text.data());
}
}  // namespace

void DataReader::add_fault(TextFault fault) {
  if (fault_ == TextFault::none) fault_ = fault;
}

void DataReader::count(std::size_t octets) {
  line_octets_ += octets;
  if (line_octets_ > limits::body_line_octets_max) add_fault(TextFault::line_too_long);
}

/// One line, or what the input has of it. A CR that is the last octet is left: it waits for its LF.
DataReader::Scan DataReader::scan_line(std::string_view input) const {
  if (input.empty()) return {};
  std::size_t const lf = find(input, '\n');
  std::size_t const cr = find(input.substr(0, lf), '\r');
  if (cr == lf) return {lf, lf == input.size() ? Stop::input_end : Stop::bare_lf};
  if (cr + 1 == input.size()) return {cr, Stop::input_end};
  if (cr + 1 != lf) return {cr, Stop::bare_cr};
  return {lf + 1, Stop::line_end};
}

/// Called at a line's start where `input` begins with a dot.
DataReader::Dot DataReader::judge_dot(std::string_view input) const {
  if (input.size() == 1) return Dot::need_more;
  // Behind a normalised LF a lone dot is data: only CRLF.CRLF ends (RFC 5321 §4.1.1.4).
  if (input[1] == '\n' && rule_ == LineRule::normalise) return Dot::data;
  if (input[1] != '\r') return Dot::stuffed;
  if (input.size() == 2) return Dot::need_more;
  if (input[2] != '\n') return Dot::stuffed;
  return after_crlf_ ? Dot::end : Dot::data;
}

TextEvent DataReader::take_run(std::string_view& input, Extent extent) {
  std::size_t length = 0;
  bool first = true;
  while (first || (line_start_ && extent == Extent::longest)) {
    std::string_view const rest = input.substr(length);
    if (!first && rest.starts_with('.')) break;
    first = false;
    Scan const scan = scan_line(rest);
    length += scan.length;
    count(scan.length);
    if (scan.length != 0) line_start_ = false;
    if (scan.stop == Stop::line_end) {
      line_octets_ = 0;
      line_start_ = after_crlf_ = true;
      continue;
    }
    if (scan.stop == Stop::bare_cr) {
      add_fault(TextFault::bare_cr);
      length += 1;  // stepped over: nothing is given out behind a fault
      line_start_ = false;
    }
    if (scan.stop == Stop::bare_lf && rule_ == LineRule::strict) {
      add_fault(TextFault::bare_lf);
      length += 1;
      line_start_ = false;
    }
    break;
  }
  std::string_view const run = input.substr(0, length);
  input.remove_prefix(length);
  return {run.empty() ? TextEvent::Kind::need_more : TextEvent::Kind::run, run};
}

/// Behind a fault: only CRLF.CRLF is looked for. The octet in front of `input` is never a CR, since
/// a last CR is left in it.
TextEvent DataReader::skip(std::string_view& input) {
  while (!input.empty()) {
    if (line_start_ && input.front() == '.') {
      Dot const dot = judge_dot(input);
      if (dot == Dot::need_more) return {};
      if (dot == Dot::end) {
        input.remove_prefix(3);
        return {TextEvent::Kind::end, {}};
      }
    }
    std::size_t const lf = find(input, '\n');
    if (lf == input.size()) {
      std::size_t const kept = input.ends_with('\r') ? 1 : 0;
      if (input.size() > kept) line_start_ = false;
      input.remove_prefix(input.size() - kept);
      return {};
    }
    line_start_ = after_crlf_ = lf > 0 && input[lf - 1] == '\r';
    input.remove_prefix(lf + 1);
  }
  return {};
}

TextEvent DataReader::next(std::string_view& input, Extent extent) {
  while (!input.empty()) {
    if (fault_ != TextFault::none) return skip(input);
    bool dot_is_data = false;
    if (line_start_ && input.front() == '.') {
      Dot const dot = judge_dot(input);
      if (dot == Dot::need_more) return {};
      if (dot == Dot::end) {
        input.remove_prefix(3);
        return {TextEvent::Kind::end, {}};
      }
      if (dot == Dot::stuffed) input.remove_prefix(1);
      dot_is_data = dot == Dot::data;
      line_start_ = false;
    }
    if (!dot_is_data && rule_ == LineRule::normalise && input.starts_with('\n')) {
      input.remove_prefix(1);
      line_octets_ = 0;
      line_start_ = true;
      after_crlf_ = false;
      return {TextEvent::Kind::run, "\r\n"};
    }
    TextEvent const event = take_run(input, extent);
    if (fault_ == TextFault::none) return event;
  }
  return {};
}
}  // namespace pb::smtp
