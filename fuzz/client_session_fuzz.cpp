// client_session_fuzz.cpp: a client session against a server that says anything, at any cut.
// Spec: RFC 5321 §3; RFC 3207 §5, §6 (nothing from before TLS is used); RFC 2920.
// Covers: src/smtp/client/session.cpp src/smtp/client/setup.cpp src/smtp/client/transfer.cpp
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "base/encoding.hpp"
#include "smtp/client/session.hpp"

namespace {
using namespace pb;
using namespace pb::smtp::client;
constexpr std::size_t recipients = 3;
constexpr char const* password = "do-not-show";

/// Two octets of choices, then what the server says.
class Play {
 public:
  explicit Play(std::string_view input)
      : choices_{static_cast<unsigned char>(input[0])},
        cut_{1U + static_cast<unsigned char>(input[1]) % 40U},
        unread_{input.substr(2)},
        session_{settings()} {}

  void run() {
    begin();
    for (std::size_t steps = 0; steps < 20'000; ++steps) {
      if (!one_step()) return;
    }
    PB_CHECK(false);  // it goes round in a circle
  }

 private:
  [[nodiscard]] bool choice(unsigned bit) const { return ((choices_ >> bit) & 1U) != 0; }
  [[nodiscard]] Settings settings() const {
    constexpr TlsUse uses[]{TlsUse::opportunistic, TlsUse::required, TlsUse::verified,
                            TlsUse::never};
    Settings out;
    out.ehlo_name = "client.example";
    out.protocol = choice(0) ? Protocol::lmtp : Protocol::smtp;
    out.tls = uses[(choices_ >> 1) & 3U];
    out.use_pipelining = choice(3);
    out.use_chunking = choice(4);
    out.client_nonce = "0123456789abcdefghij";
    if (choice(5)) {
      out.credentials.emplace();
      out.credentials->user = "user";
      out.credentials->password = password;
    }
    return out;
  }

  void begin() {
    Transaction wanted;
    wanted.envelope.reverse_path.mailbox = mail::Mailbox{"a", {"one.example"}};
    for (std::size_t i = 0; i < recipients; ++i)
      wanted.envelope.forward_paths.push_back({{std::to_string(i), {"two.example"}}, {}, {}});
    wanted.octets = choice(6) ? 100 : 100'000;
    octets_ = wanted.octets;
    wanted.eight_bit = choice(7);
    if (begun_ > 0) wish(wanted);
    session_.begin(std::move(wanted));
    ++begun_;
  }

  /// What a sender may ask for beside: from the second transaction on.
  void wish(Transaction& wanted) const {
    mail::Envelope& envelope = wanted.envelope;
    envelope.dsn_return = begun_ == 1 ? mail::DsnReturn::full : mail::DsnReturn::headers;
    envelope.envelope_id = "id+2B";
    envelope.deliver_by_return = choice(6);
    envelope.deliver_by_trace = choice(7);
    envelope.priority = 3;
    wanted.deliver_by_seconds = 90;
    wanted.header_utf8 = choice(5);
    wanted.eight_bit_anyway = choice(0);
    auto& paths = envelope.forward_paths;
    paths[0].notify = {.specified = true, .never = true};
    paths[1].notify = {.specified = true, .success = true, .failure = true, .delay = true};
    paths[1].original_recipient = "rfc822;b+2Bc@two.example";
    paths[2].mailbox = mail::Mailbox{"j\xC3\xB6rg",
                                     {"b\xC3\xBC"
                                      "cher.example"}};
  }

  bool one_step() {
    Step step = session_.next(window_);
    if (auto* send = std::get_if<Send>(&step)) {
      // A password goes to nobody whom TLS does not vouch for.
      bool const shown = send->bytes.find(password) != std::string::npos ||
                         send->bytes.find("AUTH ") != std::string::npos;
      PB_CHECK(!shown || trusted_);
      return true;
    }
    if (auto* need = std::get_if<NeedBody>(&step)) {
      PB_CHECK(need->octets_max > 0 && need->offset + need->octets_max <= octets_);
      session_.on_body(std::string(need->octets_max, 'x'));
      return true;
    }
    if (std::holds_alternative<StartTls>(step)) {
      PB_CHECK(window_.empty());  // RFC 3207 §6: what came before TLS is not behind it
      TlsAnswer answer;
      answer.established = !choice(4);
      answer.trusted = trusted_ = answer.established && choice(3);
      session_.on_tls(std::move(answer));
      return true;
    }
    if (auto* done = std::get_if<Done>(&step)) {
      PB_CHECK(done->transcript.recipients.size() == recipients);
      return true;
    }
    if (std::holds_alternative<Idle>(step)) {
      if (begun_ < 3 && session_.usable()) {
        begin();
      } else {
        session_.quit();
      }
      return ++idle_ < 8;
    }
    if (std::holds_alternative<Closed>(step)) return false;
    return read_more();
  }

  bool read_more() {
    if (unread_.empty()) {
      if (over_) return false;
      over_ = true;
      cut_ % 2 == 0 ? session_.on_end_of_input() : session_.on_timeout();
      return true;
    }
    std::string_view const piece = unread_.substr(0, cut_);
    unread_.remove_prefix(piece.size());
    // What it left is given again with more behind it.
    buffer_ = std::string{window_} + std::string{piece};
    window_ = buffer_;
    return true;
  }

  unsigned choices_;
  std::size_t cut_;
  std::string_view unread_;
  std::string buffer_;
  std::string_view window_;
  Session session_;
  std::uint64_t octets_ = 0;
  std::size_t begun_ = 0, idle_ = 0;
  bool trusted_ = false, over_ = false;
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size < 2) return 0;
  Play{{reinterpret_cast<char const*>(data), size}}.run();
  return 0;
}
