// talk_line.hpp: one connection for a person at a terminal: bytes out, lines in, TLS when asked.
// Spec: RFC 3207; connecting and TLS are the prober's (probe_lane, probe_tls).
// Not here: what is said on it (cli/talk), what it means (advisor/dialogue).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisor/probe_facts.hpp"
#include "base/ip.hpp"
#include "runtime/probe_tls.hpp"

namespace pb::runtime {
class TalkLine {
 public:
  /// Tries the addresses of the name one after the other, 5 seconds each, at most 4. The error is
  /// the system's text for the last one.
  static std::expected<TalkLine, std::string> open(std::string const& host, std::uint16_t port,
                                                   advisor::Millis wait = advisor::Millis{20'000});
  /// The same for addresses that are known. `wait` is for all of them together.
  static std::expected<TalkLine, std::string> open(std::vector<IpAddress> const& addresses,
                                                   std::uint16_t port, advisor::Millis wait);
  TalkLine(TalkLine&& other) noexcept;
  TalkLine& operator=(TalkLine&&) = delete;
  ~TalkLine();

  [[nodiscard]] Endpoint endpoint() const { return endpoint_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

  enum class Got : std::uint8_t { line, silence, closed, too_long };
  /// The next line without its end, of at most 4096 octets. Waits at most `wait`.
  Got read_line(std::string& line, advisor::Millis wait);
  /// The lines of one SMTP reply (RFC 5321 §4.2.1), at most 128, each after at most `wait`.
  std::optional<std::vector<std::string>> read_reply(advisor::Millis wait);
  /// What came, decrypted, as it came; empty: nothing in time. nullopt: closed.
  std::optional<std::string> read_some(advisor::Millis wait);
  /// False: the peer is gone, or takes nothing for 30 seconds.
  bool send(std::string_view bytes);
  /// Octets that came already and were not asked for.
  [[nodiscard]] bool anything_left() const { return !buffer_.empty(); }
  /// The client's handshake; within `wait`.
  advisor::TlsFacts start_tls(TrustStore const& store, std::string const& host, std::int64_t now,
                              advisor::Millis wait, TlsOffer const& offer = {});

 private:
  TalkLine(int descriptor, Endpoint endpoint) : descriptor_{descriptor}, endpoint_{endpoint} {}
  bool write_all(std::string_view bytes);
  /// Bytes of the wire; empty: nothing in time. nullopt: closed.
  std::optional<std::string> receive(advisor::Millis wait);

  int descriptor_;
  Endpoint endpoint_;
  std::string buffer_;  // received, not yet a line
  std::unique_ptr<ProbeTls> tls_;
};
}  // namespace pb::runtime
