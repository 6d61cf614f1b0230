// fake_dns_server.hpp: a DNS server on loopback for tests: answers from a dns::World, without
// DNSSEC, as a home router does.  Spec: RFC 1035 §4.1.       Not here: anything that serves people.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "base/ascii.hpp"
#include "base/check.hpp"
#include "base/ip.hpp"
#include "dns/rdata.hpp"
#include "dns/world.hpp"

namespace pb::runtime {
/// A failure of kind `timeout` in the world is not answered at all. Ends with its destructor.
class FakeDnsServer {
 public:
  explicit FakeDnsServer(dns::World world) : world_{std::move(world)} {
    socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    PB_CHECK(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    socklen_t octets = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &octets);
    endpoint_ = {*IpAddress::parse("127.0.0.1"), ntohs(address.sin_port)};
    thread_ = std::jthread{[this](std::stop_token const& stop) { run(stop); }};
  }
  ~FakeDnsServer() {
    thread_.request_stop();
    thread_.join();
    ::close(socket_);
  }
  FakeDnsServer(FakeDnsServer const&) = delete;
  FakeDnsServer& operator=(FakeDnsServer const&) = delete;

  [[nodiscard]] Endpoint endpoint() const { return endpoint_; }
  [[nodiscard]] std::size_t questions() const { return questions_; }

 private:
  static void put16(std::string& out, unsigned value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value);
  }
  static void put_name(std::string& out, std::string_view name) {
    if (!name.empty()) {
      for (std::string_view const label : ascii::split(name, '.')) {
        out += static_cast<char>(label.size());
        out += label;
      }
    }
    out += '\0';
  }
  static std::string rdata(dns::Record const& record) {
    std::string out;
    if (auto const* address = std::get_if<IpAddress>(&record)) {
      auto const& bytes = address->bytes();
      std::size_t const from = address->is_v4() ? 12 : 0;
      for (std::size_t i = from; i < bytes.size(); ++i) out += static_cast<char>(bytes[i]);
    } else if (auto const* mx = std::get_if<dns::Mx>(&record)) {
      put16(out, mx->preference);
      put_name(out, mx->exchange);
    } else if (auto const* txt = std::get_if<dns::Txt>(&record)) {
      for (std::size_t at = 0; at < txt->text.size(); at += 255) {
        std::string_view const part = std::string_view{txt->text}.substr(at, 255);
        out += static_cast<char>(part.size());
        out += part;
      }
    } else if (auto const* name = std::get_if<dns::Name>(&record)) {
      put_name(out, name->name);
    }
    return out;
  }

  /// Empty: no answer.
  std::string reply_to(std::string_view packet) {
    if (packet.size() < 12) return {};
    std::string_view rest = packet.substr(12);
    auto const name = dns::take_name(rest);
    if (!name || rest.size() < 4) return {};
    auto const type = static_cast<std::uint16_t>(static_cast<unsigned char>(rest[0]) << 8 |
                                                 static_cast<unsigned char>(rest[1]));
    dns::Answer const answer = world_.answer({*name, static_cast<dns::Type>(type)});
    unsigned rcode = 0;
    if (std::holds_alternative<dns::NxDomain>(answer)) rcode = 3;
    if (auto const* failed = std::get_if<dns::Failed>(&answer)) {
      if (failed->failure == dns::Failure::timeout) return {};
      rcode = failed->failure == dns::Failure::refused ? 5 : 2;
    }
    auto const* found = std::get_if<dns::Found>(&answer);
    std::string out{packet.substr(0, 2)};
    put16(out, 0x8180 | rcode);
    put16(out, 1);
    put16(out, found ? static_cast<unsigned>(found->records.size()) : 0);
    put16(out, 0);
    put16(out, 0);
    out += packet.substr(12, packet.size() - 12 - rest.size() + 4);
    if (!found) return out;
    for (dns::Record const& record : found->records) {
      std::string const data = rdata(record);
      put16(out, 0xC00C);  // the name asked for
      put16(out, type);
      put16(out, 1);
      put16(out, 0);
      put16(out, 60);
      put16(out, static_cast<unsigned>(data.size()));
      out += data;
    }
    return out;
  }

  void run(std::stop_token const& stop) {
    char buffer[4096];
    while (!stop.stop_requested()) {
      pollfd readable{socket_, POLLIN, 0};
      if (poll(&readable, 1, 50) <= 0) continue;
      sockaddr_in peer{};
      socklen_t octets = sizeof peer;
      auto const got = ::recvfrom(socket_, buffer, sizeof buffer, 0,
                                  reinterpret_cast<sockaddr*>(&peer), &octets);
      if (got <= 0) continue;
      ++questions_;
      std::string const reply = reply_to({buffer, static_cast<std::size_t>(got)});
      if (!reply.empty())
        ::sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&peer),
                 octets);
    }
  }

  dns::World const world_;
  int socket_ = -1;
  Endpoint endpoint_;
  std::atomic<std::size_t> questions_{0};
  std::jthread thread_;
};
}  // namespace pb::runtime
