// data_reader_fuzz.cpp: against a reference of a few lines, whole, split, and line by line.
// Spec: RFC 5321 §4.1.1.4, §4.5.2, §2.3.8.                     Not here: chunks (bdat).
// Covers: src/smtp/data_reader.cpp
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "smtp/data_reader.hpp"

namespace {
using namespace pb::smtp;

struct Read {
  std::string text;  // empty behind a fault
  std::string rest;  // behind the end
  bool ended = false;
  TextFault fault = TextFault::none;
  friend bool operator==(Read const&, Read const&) = default;
};

Read read(std::string_view wire, std::size_t step, LineRule rule, Extent extent) {
  DataReader reader{rule};
  Read out;
  std::string held;
  for (std::size_t at = 0; at < wire.size(); at += step) {
    held += wire.substr(at, step);
    std::string const given = held;
    std::string_view input{given};
    while (!out.ended) {
      TextEvent const event = reader.next(input, extent);
      if (event.kind == TextEvent::Kind::need_more) break;
      out.text += event.bytes;
      out.ended = event.kind == TextEvent::Kind::end;
    }
    PB_CHECK(out.ended || input.size() <= 2);
    held = std::string{input};
  }
  out.fault = reader.fault();
  if (out.fault != TextFault::none) out.text.clear();
  out.rest = out.ended ? held : "";
  // Without an end the reference knows nothing of the text.
  if (!out.ended) return {};
  return out;
}

/// The rule in words: the message is what stands in front of the first CRLF.CRLF (the DATA line's
/// CRLF counts); a CR or LF that is not of a CRLF is a fault; one dot goes from each line's start.
Read reference(std::string_view wire) {
  std::string const all = "\r\n" + std::string{wire};
  auto const end = all.find("\r\n.\r\n");
  Read out;
  if (end == std::string::npos) return out;
  out.ended = true;
  out.rest = all.substr(end + 5);
  std::string const body = all.substr(0, end + 2);
  for (std::size_t i = 2; i < body.size() && out.fault == TextFault::none; ++i) {
    bool const after_cr = body[i - 1] == '\r' && i > 2;
    if (body[i] == '\n' && !after_cr) out.fault = TextFault::bare_lf;
    if (body[i] == '\r' && (i + 1 == body.size() || body[i + 1] != '\n')) {
      out.fault = TextFault::bare_cr;
    }
    bool const line_start = body[i - 1] == '\n';
    if (!(body[i] == '.' && line_start)) out.text += body[i];
  }
  if (out.fault != TextFault::none) out.text.clear();
  return out;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  std::size_t const step = data[0] % 16 + 1;
  std::string_view const wire{reinterpret_cast<char const*>(data) + 1, size - 1};
  Read const whole = read(wire, wire.size() + 1, LineRule::strict, Extent::longest);
  PB_CHECK(whole == reference(wire));
  PB_CHECK(read(wire, step, LineRule::strict, Extent::longest) == whole);
  PB_CHECK(read(wire, step, LineRule::strict, Extent::line) == whole);
  Read const mended = read(wire, wire.size() + 1, LineRule::normalise, Extent::longest);
  PB_CHECK(read(wire, step, LineRule::normalise, Extent::line) == mended);
  PB_CHECK(mended.ended == whole.ended && mended.rest == whole.rest);
  return 0;
}
