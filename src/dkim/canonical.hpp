// canonical.hpp: canonicalization of header fields and of a body that streams by.
// Spec: RFC 6376 §3.4.                          Tests: canonical_test.cpp, tests/suites/dkim_suite
// Not here: which fields are signed (header_hash.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dkim/crypto.hpp"

namespace pb::dkim {
enum class Canonicalization : std::uint8_t { simple, relaxed };

/// One field with its CRLF, as it is signed. `raw` is the whole field; simple changes nothing.
std::string canonical_field(Canonicalization how, std::string_view raw);

/// Canonicalizes a body and digests the first `limit` octets of the result. Memory does not grow
/// with the body; chunks may be cut anywhere, between CR and LF too. Lines end with CRLF only.
class BodyHash {
 public:
  BodyHash(Canonicalization how, Hash hash, std::optional<std::uint64_t> limit);
  void update(std::string_view chunk);
  void finish();
  /// After finish().
  [[nodiscard]] std::string const& digest() const { return result_; }
  /// Octets of the canonicalized body, those behind the limit too.
  [[nodiscard]] std::uint64_t octets() const { return octets_; }
  /// Some of the body was not digested (l= was smaller).
  [[nodiscard]] bool is_partial() const { return limit_ && *limit_ < octets_; }

 private:
  class Gather;
  void update_relaxed(Gather& gather, std::string_view chunk);
  void content(Gather& gather, std::string_view octets);
  void lines(Gather& gather, std::string_view octets);
  void put(std::string_view octets);

  Canonicalization how_;
  std::optional<std::uint64_t> limit_;
  Digest running_;
  std::string result_;
  std::uint64_t octets_ = 0;
  std::uint64_t empty_lines_ = 0;  // line ends not yet put: they may be the trailing ones
  bool held_cr_ = false;
  bool held_blank_ = false;  // relaxed: WSP seen that is put as one space if more follows
};
}  // namespace pb::dkim
