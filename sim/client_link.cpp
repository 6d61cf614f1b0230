// client_link.cpp: see client_link.hpp.                        Spec: smtp/client/step.hpp.
#include "sim/client_link.hpp"

#include <utility>

namespace pb::sim {
namespace client = smtp::client;

ClientLink::ClientLink(Timeline& time, client::Settings settings, Owner* owner)
    : time_{time}, session_{std::move(settings)}, owner_{owner} {}

void ClientLink::connect(std::shared_ptr<Wire> wire) {
  wire_ = std::move(wire);
  wire_->attach(Side::client, this);
  time_.after(wire_->latency(), [weak = weak_from_this()] {
    auto const self = weak.lock();
    if (!self || self->closed_) return;
    self->connected_ = true;
    self->pump();
  });
}

void ClientLink::fail_to_connect(client::Fault fault, Duration after) {
  time_.after(after, [weak = weak_from_this(), fault] {
    auto const self = weak.lock();
    if (!self || self->closed_) return;
    self->connected_ = true;
    self->session_.on_connect_failed(fault, "simulated");
    self->pump();
  });
}

void ClientLink::begin(client::Transaction transaction,
                       std::shared_ptr<std::string const> content) {
  content_ = std::move(content);
  session_.begin(std::move(transaction));
  again_ = true;
  if (connected_) pump();
}

void ClientLink::quit() {
  if (closed_) return;
  session_.quit();
  again_ = true;
  if (connected_) pump();
}

void ClientLink::abandon() {
  owner_ = nullptr;
  closed_ = true;
  if (wire_) {
    wire_->attach(Side::client, nullptr);
    wire_->reset();
  }
}

void ClientLink::on_bytes(std::string_view bytes) {
  input_ += bytes;
  if (connected_) pump();
}

void ClientLink::on_gone() {
  if (closed_) return;
  session_.on_end_of_input();
  connected_ = true;
  pump();
}

void ClientLink::on_handshake(Handshake result) {
  client::TlsAnswer answer;
  answer.established = result.works;
  answer.trusted = result.works && result.trusted;
  answer.version = "TLSv1.3";
  if (!answer.trusted) answer.problem = "simulated";
  session_.on_tls(std::move(answer));
  pump();
}

void ClientLink::pump() {
  if (pumping_) return;
  auto const self = shared_from_this();
  pumping_ = true;
  while (!closed_) {
    std::string_view view{input_};
    std::size_t const before = view.size();
    again_ = false;
    client::Step step = session_.next(view);
    input_.erase(0, before - view.size());
    if (!carry_out(step)) break;
  }
  pumping_ = false;
}

/// False: something has to happen first.
bool ClientLink::carry_out(client::Step& step) {
  if (auto const* more = std::get_if<client::ReadMore>(&step)) {
    wait(more->wait);
    return false;
  }
  deadline_.reset();
  if (auto* send = std::get_if<client::Send>(&step)) {
    time_.note("client says", wire_number(), send->bytes.size(), send->bytes);
    if (wire_) wire_->send(Side::client, std::move(send->bytes));
  } else if (auto const* need = std::get_if<client::NeedBody>(&step)) {
    session_.on_body(std::string_view{*content_}.substr(need->offset, need->octets_max));
  } else if (std::holds_alternative<client::StartTls>(step)) {
    wait(std::chrono::minutes{1});
    wire_->handshake(Side::client);
    return false;
  } else if (auto* done = std::get_if<client::Done>(&step)) {
    if (owner_ != nullptr) owner_->on_done(std::move(done->transcript));
  } else if (std::holds_alternative<client::Idle>(step)) {
    if (owner_ == nullptr) {
      session_.quit();
      return true;
    }
    owner_->on_idle();
    return again_;
  } else {
    closed_ = true;
    if (wire_) wire_->close(Side::client);
    if (owner_ != nullptr) std::exchange(owner_, nullptr)->on_closed();
    return false;
  }
  return true;
}

void ClientLink::wait(Duration time) {
  deadline_ = time_.now() + time;
  if (!std::exchange(watched_, true)) watch();
}

/// One timer a link: it looks again when the deadline has moved on.
void ClientLink::watch() {
  time_.at(*deadline_, [weak = weak_from_this()] {
    auto const self = weak.lock();
    if (!self || self->closed_) return;
    self->watched_ = false;
    if (!self->deadline_) return;
    if (self->time_.now() < *self->deadline_) {
      self->watched_ = true;
      return self->watch();
    }
    self->time_.note("client waited too long", self->wire_number());
    self->session_.on_timeout();
    self->pump();
  });
}
}  // namespace pb::sim
