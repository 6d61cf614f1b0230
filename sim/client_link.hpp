// client_link.hpp: carries out the Steps of one SMTP client session over a wire.
// Spec: smtp/client/step.hpp.      Not here: what is sent (attempt.hpp, submitter.hpp), replies.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sim/wire.hpp"
#include "smtp/client/session.hpp"

namespace pb::sim {
class ClientLink final : public Party, public std::enable_shared_from_this<ClientLink> {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_done(smtp::client::Transcript transcript) = 0;
    /// Nothing is to be done: begin() or quit(), now or later.
    virtual void on_idle() = 0;
    virtual void on_closed() = 0;
  };
  ClientLink(Timeline& time, smtp::client::Settings settings, Owner* owner);
  ~ClientLink() override {
    if (!wire_) return;
    wire_->attach(Side::client, nullptr);
    if (!closed_) wire_->reset();
  }
  /// The wire is there after its latency.
  void connect(std::shared_ptr<Wire> wire);
  void fail_to_connect(smtp::client::Fault fault, Duration after);
  void begin(smtp::client::Transaction transaction, std::shared_ptr<std::string const> content);
  void quit();
  /// The owner is no more: it ends by itself.
  void disown() { owner_ = nullptr; }
  /// The process is no more.
  void abandon();
  [[nodiscard]] bool usable() const { return !closed_ && session_.usable(); }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] std::size_t transactions() const { return session_.transactions(); }
  [[nodiscard]] std::uint64_t wire_number() const { return wire_ ? wire_->number() : 0; }

  void on_bytes(std::string_view bytes) override;
  void on_gone() override;
  void on_handshake(Handshake result) override;

 private:
  void pump();
  bool carry_out(smtp::client::Step& step);
  void wait(Duration time);
  void watch();

  Timeline& time_;
  smtp::client::Session session_;
  Owner* owner_;
  std::shared_ptr<Wire> wire_;
  std::shared_ptr<std::string const> content_;  // shared with whoever else sends it
  std::string input_;
  std::optional<Instant> deadline_;
  bool watched_ = false;
  bool pumping_ = false, again_ = false, closed_ = false, connected_ = false;
};
}  // namespace pb::sim
