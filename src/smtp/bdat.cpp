// bdat.cpp: see bdat.hpp.                                    Spec: RFC 3030 §2, RFC 5321 §2.3.8.
// CRLF may be cut by the end of a chunk, so a CR at the end of what is known is held, not given.
// Not here: the BDAT command (server/bdat.cpp).
#include "smtp/bdat.hpp"

#include <algorithm>
#include <cstring>

#include "base/limits.hpp"

namespace pb::smtp {
namespace {
constexpr std::string_view line_end = "\r\n";

std::size_t find(std::string_view text, char c) {
  void const* const at = std::memchr(text.data(), c, text.size());
  return at == nullptr ? text.size()
                       : static_cast<std::size_t>(static_cast<char const*>(at) - text.data());
}
}  // namespace

void ChunkReader::begin(std::uint64_t octets, bool last) {
  left_ = octets;
  last_ = last;
}

TextEvent ChunkReader::discard(std::string_view& input) {
  auto const octets = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
  input.remove_prefix(octets);
  left_ -= octets;
  return {left_ == 0 ? TextEvent::Kind::end : TextEvent::Kind::need_more, {}};
}

/// The chunk's octets are used up: at the message's end nothing may stay open.
TextEvent ChunkReader::finish_chunk() {
  if (last_ && fault_ == TextFault::none) {
    if (held_cr_) {
      fault_ = TextFault::bare_cr;
    } else if (open_line_) {
      open_line_ = false;
      return {TextEvent::Kind::run, line_end};
    }
  }
  return {TextEvent::Kind::end, {}};
}

/// Whole lines up to the chunk's end, a bare LF, or a CR that is no CRLF.
TextEvent ChunkReader::take_run(std::string_view& input, Extent extent) {
  auto const known =
      input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
  std::size_t length = 0;
  bool more = true;
  while (more && length < known.size()) {
    auto const rest = known.substr(length);
    std::size_t const lf = find(rest, '\n');
    std::size_t const cr = find(rest.substr(0, lf), '\r');
    bool const ends = cr + 1 == lf && lf < rest.size();
    std::size_t const taken = ends ? lf + 1 : cr;
    length += taken;
    line_octets_ = ends ? 0 : line_octets_ + taken;
    if (taken != 0) open_line_ = !ends;
    if (line_octets_ > limits::body_line_octets_max) fault_ = TextFault::line_too_long;
    more = ends && extent == Extent::longest;
  }
  input.remove_prefix(length);
  left_ -= length;
  return {TextEvent::Kind::run, known.substr(0, length)};
}

TextEvent ChunkReader::next(std::string_view& input, Extent extent) {
  while (left_ != 0 && !input.empty()) {
    if (fault_ != TextFault::none) return discard(input);
    char const front = input.front();
    bool const is_end = front == '\n' || front == '\r';
    if (held_cr_ && front != '\n') {
      fault_ = TextFault::bare_cr;
      continue;
    }
    if (is_end && !(front == '\r' && left_ > 1 && input.starts_with(line_end))) {
      input.remove_prefix(1);
      --left_;
      if (front == '\r') {
        held_cr_ = true;
        continue;
      }
      mended_ |= !held_cr_;
      held_cr_ = false;
      open_line_ = false;
      line_octets_ = 0;
      return {TextEvent::Kind::run, line_end};
    }
    TextEvent const event = take_run(input, extent);
    if (fault_ == TextFault::none) return event;
  }
  return left_ == 0 ? finish_chunk() : TextEvent{};
}
}  // namespace pb::smtp
