// bdat.hpp: the octets of BDAT chunks as message text: what is stored has CRLF line ends only.
// Spec: RFC 3030 §2 (chunks), RFC 5321 §2.3.8; the rule for bare LF is ours (see next()).
// Tests: bdat_test.cpp, fuzz/bdat.cpp.             Not here: the command and its replies (server/).
#pragma once

#include <cstdint>
#include <string_view>

#include "smtp/data_reader.hpp"

namespace pb::smtp {
class ChunkReader {
 public:
  /// A chunk of so many octets follows. `last`: the message ends with it (BDAT n LAST).
  void begin(std::uint64_t octets, bool last);
  /// Takes from the front of `input`, never beyond the chunk. run: octets of the message.
  /// need_more: `input` is used up. end: the chunk is over. A bare LF becomes CRLF (Exchange Online
  /// sends it, and text framed by a length cannot smuggle); a bare CR is a fault, after which the
  /// chunk is only counted down. A last line without an end gets one.
  TextEvent next(std::string_view& input, Extent extent = Extent::longest);
  /// Counts the chunk down without looking at it: need_more or end.
  TextEvent discard(std::string_view& input);
  [[nodiscard]] TextFault fault() const { return fault_; }
  /// A bare LF was seen and mended.
  [[nodiscard]] bool mended() const { return mended_; }
  [[nodiscard]] std::uint64_t left() const { return left_; }

 private:
  TextEvent take_run(std::string_view& input, Extent extent);
  TextEvent finish_chunk();

  std::uint64_t left_ = 0;
  std::size_t line_octets_ = 0;
  TextFault fault_ = TextFault::none;
  bool last_ = false;
  bool held_cr_ = false;  // a CR whose LF is not there yet; it may stand in the next chunk
  bool open_line_ = false;
  bool mended_ = false;
};
}  // namespace pb::smtp
