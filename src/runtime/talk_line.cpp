// talk_line.cpp: see talk_line.hpp. Blocks with poll(): a person is waiting, nobody else.
// Spec: poll(2).                                        Tests: tests/end_to_end/talk_test.py
#include "runtime/talk_line.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstring>

#include "runtime/probe_lane.hpp"

namespace pb::runtime {
using advisor::Millis;
using Clock = std::chrono::steady_clock;
namespace {
constexpr std::size_t addresses_max = 4;
constexpr std::size_t line_octets_max = 4096;
constexpr std::size_t reply_lines_max = 128;
constexpr Millis connect_wait{5000};
constexpr Millis write_wait{30'000};

bool wait_until(int descriptor, short events, Clock::time_point until) {
  for (;;) {
    auto const left = std::chrono::ceil<Millis>(until - Clock::now()).count();
    pollfd waiting{descriptor, events, 0};
    int const ready = ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(0, left)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}
}  // namespace

std::expected<TalkLine, std::string> TalkLine::open(std::string const& host, std::uint16_t port,
                                                    Millis wait) {
  asio::io_context io{1};
  boost::system::error_code error;
  asio::ip::tcp::resolver resolver{io};
  auto const found = resolver.resolve(host, std::to_string(port), error);
  if (error) return std::unexpected{error.message()};
  std::vector<IpAddress> addresses;
  for (auto const& entry : found) {
    auto const address = IpAddress::parse(entry.endpoint().address().to_string());
    if (address) addresses.push_back(*address);
  }
  return open(addresses, port, wait);
}

std::expected<TalkLine, std::string> TalkLine::open(std::vector<IpAddress> const& addresses,
                                                    std::uint16_t port, Millis wait) {
  auto const until = Clock::now() + wait;
  asio::io_context io{1};
  boost::system::error_code error;
  std::string problem = "no address";
  std::size_t tried = 0;
  for (auto const& address : addresses) {
    auto const left = std::chrono::floor<Millis>(until - Clock::now());
    if (tried++ == addresses_max || left.count() <= 0) break;
    Endpoint const endpoint{address, port};
    asio::ip::tcp::socket socket{io};
    advisor::ConnectFacts facts;
    asio::co_spawn(io, connect(socket, endpoint, std::min(left, connect_wait)),
                   [&facts](std::exception_ptr, advisor::ConnectFacts got) { facts = got; });
    io.restart();
    io.run();
    if (facts.tcp == advisor::Tcp::open && facts.error == 0) {
      int const descriptor = socket.release(error);  // non-blocking, as Asio leaves it
      if (!error) return TalkLine{descriptor, endpoint};
    }
    problem =
        endpoint.text() + ": " +
        (facts.error == 0 ? std::string{name(facts.tcp)} : std::string{std::strerror(facts.error)});
  }
  return std::unexpected{problem};
}

TalkLine::TalkLine(TalkLine&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)},
      endpoint_{other.endpoint_},
      buffer_{std::move(other.buffer_)},
      tls_{std::move(other.tls_)} {}
TalkLine::~TalkLine() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool TalkLine::write_all(std::string_view bytes) {
  auto const until = Clock::now() + write_wait;
  while (!bytes.empty()) {
    ssize_t const sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_until(descriptor_, POLLOUT, until)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool TalkLine::send(std::string_view bytes) {
  if (!tls_) return write_all(bytes);
  tls_->encrypt(bytes);
  return write_all(tls_->take_output());
}

std::optional<std::string> TalkLine::receive(Millis wait) {
  if (!wait_until(descriptor_, POLLIN, Clock::now() + wait)) return std::string{};
  char block[8192];
  ssize_t const got = ::recv(descriptor_, block, sizeof block, 0);
  if (got > 0) return std::string{block, static_cast<std::size_t>(got)};
  bool const again = got < 0 && (errno == EAGAIN || errno == EINTR);
  return again ? std::optional{std::string{}} : std::nullopt;
}

std::optional<std::string> TalkLine::read_some(Millis wait) {
  auto bytes = receive(wait);
  if (!bytes || bytes->empty() || !tls_) return bytes;
  bytes = tls_->decrypt(*bytes);
  if (bytes) write_all(tls_->take_output());  // what the protocol itself has to answer
  return bytes;
}

TalkLine::Got TalkLine::read_line(std::string& line, Millis wait) {
  auto const until = Clock::now() + wait;
  for (;;) {
    auto const end = buffer_.find('\n');
    if (end != std::string::npos && end <= line_octets_max) {
      line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return Got::line;
    }
    if (buffer_.size() > line_octets_max) return Got::too_long;
    auto const left = std::chrono::ceil<Millis>(until - Clock::now());
    if (left.count() <= 0) return Got::silence;
    auto const bytes = read_some(left);
    if (!bytes) return Got::closed;
    buffer_ += *bytes;
  }
}

std::optional<std::vector<std::string>> TalkLine::read_reply(Millis wait) {
  std::vector<std::string> lines;
  while (lines.size() < reply_lines_max) {
    if (read_line(lines.emplace_back(), wait) != Got::line) return std::nullopt;
    if (lines.back().size() < 4 || lines.back()[3] != '-') return lines;
  }
  return std::nullopt;
}

advisor::TlsFacts TalkLine::start_tls(TrustStore const& store, std::string const& host,
                                      std::int64_t now, Millis wait, TlsOffer const& offer) {
  auto const until = Clock::now() + wait;
  buffer_.clear();
  auto tls = std::make_unique<ProbeTls>(store, host, now, offer);
  auto progress = tls->handshake({});
  for (;;) {
    if (!write_all(tls->take_output())) tls->ended(advisor::Handshake::closed);
    if (progress != ProbeTls::Progress::wants_bytes) break;
    auto const left = std::chrono::ceil<Millis>(until - Clock::now());
    auto const bytes = left.count() > 0 ? receive(left) : std::optional{std::string{}};
    bool const late = bytes && bytes->empty() && Clock::now() >= until;
    if (!bytes || late) {
      tls->ended(late ? advisor::Handshake::silence : advisor::Handshake::closed);
      break;
    }
    if (!bytes->empty()) progress = tls->handshake(*bytes);
  }
  auto const facts = tls->facts();
  if (facts.handshake == advisor::Handshake::ok) tls_ = std::move(tls);
  return facts;
}
}  // namespace pb::runtime
