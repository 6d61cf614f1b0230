// bdat_fuzz.cpp: chunks: each octet counted, CRLF only in what comes out, the same at any split.
// Spec: RFC 3030 §2, RFC 5321 §2.3.8.                          Not here: the command.
// Covers: src/smtp/bdat.cpp
//
// Input: a step, a chunk size, then the octets, cut into chunks of that size.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "smtp/bdat.hpp"

namespace {
using namespace pb::smtp;

struct Read {
  std::string text;
  TextFault fault = TextFault::none;
  friend bool operator==(Read const&, Read const&) = default;
};

Read read(std::string_view wire, std::size_t chunk, std::size_t step, Extent extent) {
  ChunkReader reader;
  Read out;
  for (bool last = false; !last;) {
    std::string_view octets = wire.substr(0, chunk);
    wire.remove_prefix(octets.size());
    last = wire.empty();
    reader.begin(octets.size(), last);
    TextEvent event{TextEvent::Kind::run, {}};
    while (event.kind != TextEvent::Kind::end) {
      std::string_view input = octets.substr(0, step);
      std::size_t const before = input.size();
      event = reader.next(input, extent);
      out.text += event.bytes;
      octets.remove_prefix(before - input.size());
      PB_CHECK(reader.left() == octets.size());
    }
    PB_CHECK(octets.empty());
  }
  out.fault = reader.fault();
  if (out.fault != TextFault::none) out.text.clear();
  return out;
}

/// LF becomes CRLF unless CR stands in front; any other CR is a fault; the last line is ended.
Read reference(std::string_view wire) {
  Read out;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    bool const crlf = wire[i] == '\r' && i + 1 < wire.size() && wire[i + 1] == '\n';
    if (wire[i] == '\r' && !crlf) return {"", TextFault::bare_cr};
    if (crlf) ++i;
    out.text += crlf || wire[i] == '\n' ? "\r\n" : std::string(1, wire[i]);
  }
  if (!out.text.empty() && !out.text.ends_with("\r\n")) out.text += "\r\n";
  return out;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size < 2 || size > 4096) return 0;
  std::size_t const step = data[0] % 16 + 1;
  std::size_t const chunk = data[1] % 32 + 1;
  std::string_view const wire{reinterpret_cast<char const*>(data) + 2, size - 2};
  Read const whole = read(wire, wire.size() + 1, wire.size() + 1, Extent::longest);
  PB_CHECK(whole == reference(wire));
  PB_CHECK(read(wire, chunk, step, Extent::longest) == whole);
  PB_CHECK(read(wire, chunk, step, Extent::line) == whole);
  return 0;
}
