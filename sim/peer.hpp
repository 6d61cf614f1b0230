// peer.hpp: a next hop: a small SMTP or LMTP server of its own, with at most one fault a
// connection. Spec: RFC 5321 §4.1, §4.5.2 as a reader of twenty lines; RFC 2033; RFC 3030; RFC
// 3207. Not here: which host it is (sites.hpp), what its bytes prove (checkers/).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/sites.hpp"
#include "sim/wire.hpp"

namespace pb::sim {
class SimWorld;

enum class PeerPhase : std::uint8_t { greeting, ehlo, starttls, auth, mail, rcpt, data, body, end };
inline constexpr std::uint64_t peer_phases = 9;
enum class PeerFault : std::uint8_t {
  none,
  temporary,
  permanent,
  closing,
  garbage,
  silence,
  reset,
  lost_reply
};

class Peer final : public Party, public std::enable_shared_from_this<Peer> {
 public:
  Peer(SimWorld& world, Host const& host, std::shared_ptr<Wire> wire);
  ~Peer() override { wire_->attach(Side::server, nullptr); }
  void start();
  [[nodiscard]] bool gone() const { return gone_; }
  [[nodiscard]] bool is_guest_of(Host const& host, Instant since) const {
    return let_in_ && !gone_ && &host_ == &host && began_ >= since;
  }

  void on_bytes(std::string_view bytes) override;
  void on_gone() override;
  void on_handshake(Handshake result) override;

 private:
  void choose_fault();
  void choose_tls_fault();
  void take_lines();
  void take_line(std::string line);
  bool take_data();
  bool take_chunk();
  void command(std::string_view verb, std::string_view line);
  void hello(std::string_view verb);
  void starttls();
  void auth();
  void mail(std::string_view line);
  void rcpt(std::string_view line);
  void data();
  void bdat(std::string_view line);
  void complete(std::string content);
  void deliver(std::string const& content);
  void reset_transaction();
  /// True: the fault of this phase was acted out instead of an answer.
  bool act_out(PeerPhase phase);
  void refuse_all(bool whole_message);
  void say(std::string_view text);
  void break_off();
  bool had_enough();
  void greet();
  void say_goodbye(std::string_view text);

  SimWorld& world_;
  Host const& host_;
  std::shared_ptr<Wire> wire_;
  std::string input_, out_;
  std::string chunks_;
  std::size_t chunk_left_ = 0;
  std::vector<std::string> recipients_;
  Instant began_;
  std::uint32_t messages_ = 0;
  PeerPhase fault_at_ = PeerPhase::greeting;
  PeerFault fault_ = PeerFault::none;
  Handshake handshake_;
  bool starttls_offered_ = false, starttls_refused_ = false;
  bool in_mail_ = false, in_data_ = false, in_chunk_ = false, last_chunk_ = false;
  bool silent_ = false, gone_ = false, logged_in_ = false, encrypted_ = false, chunk_bad_ = false;
  bool let_in_ = false;
};
}  // namespace pb::sim
