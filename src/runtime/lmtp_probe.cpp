// lmtp_probe.cpp: four commands on a connection of their own, and a table of answers.
// Spec: RFC 2033 §4.1 (LHLO), RFC 5321 §4.1.1.5 (RSET).             Tests: lmtp_probe_test.cpp
#include "runtime/lmtp_probe.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <utility>

#include "accounts/address_key.hpp"
#include "smtp/client/reply_parser.hpp"

namespace pb::runtime {
namespace {
using smtp::client::RemoteReply;
using smtp::client::ReplyParser;
constexpr std::size_t answers_max = 100'000;
constexpr Duration wait_max = std::chrono::seconds{10};

/// A socket that is closed when its time is over. Shared with the timer's completion.
struct Conversation {
  explicit Conversation(asio::ip::tcp::socket connected)
      : socket{std::move(connected)}, timer{socket.get_executor()} {}
  asio::ip::tcp::socket socket;
  asio::steady_timer timer;
  ReplyParser parser;
  std::string unread;
};

/// nullopt: the peer is gone, late, or speaks no LMTP.
asio::awaitable<std::optional<RemoteReply>> read_reply(Conversation& with) {
  std::array<char, 2048> chunk{};
  for (;;) {
    std::string_view input = with.unread;
    auto const reply = with.parser.take(input);
    with.unread.erase(0, with.unread.size() - input.size());
    if (!reply) co_return std::nullopt;
    if (*reply) co_return **reply;
    auto const [error, got] = co_await with.socket.async_read_some(
        asio::buffer(chunk), asio::as_tuple(asio::use_awaitable));
    if (error) co_return std::nullopt;
    with.unread.append(chunk.data(), got);
  }
}

/// "": only the greeting is read.
asio::awaitable<std::optional<RemoteReply>> say(Conversation& with, std::string line) {
  if (!line.empty()) {
    line += "\r\n";
    auto const [error, sent] = co_await asio::async_write(with.socket, asio::buffer(line),
                                                          asio::as_tuple(asio::use_awaitable));
    if (error || sent != line.size()) co_return std::nullopt;
  }
  co_return co_await read_reply(with);
}
}  // namespace

asio::awaitable<std::optional<bool>> ask_lmtp(DialTarget target, std::string lhlo_name,
                                              mail::Mailbox recipient, Duration wait) {
  wait = std::min(wait, wait_max);
  auto connected = co_await dial(std::move(target), wait);
  if (!connected) co_return std::nullopt;
  auto const with = std::make_shared<Conversation>(std::move(*connected));
  with->timer.expires_after(wait);
  with->timer.async_wait([with](boost::system::error_code const& error) {
    boost::system::error_code ignored;
    if (!error) with->socket.close(ignored);
  });
  bool const utf8 = recipient.is_internationalized();  // RFC 6531 §3.4
  std::string const mail = utf8 ? "MAIL FROM:<> SMTPUTF8" : "MAIL FROM:<>";
  std::optional<RemoteReply> reply;
  for (std::string const& line : {std::string{}, "LHLO " + lhlo_name, mail}) {
    reply = co_await say(*with, line);
    if (!reply || !reply->is_positive()) break;
  }
  bool const ready = reply && reply->is_positive();
  if (ready) reply = co_await say(*with, "RCPT TO:<" + recipient.text() + ">");
  bool const answered = ready && reply && !reply->is_transient();
  if (ready && reply) static_cast<void>(co_await say(*with, "RSET"));
  with->timer.cancel();
  if (!answered) co_return std::nullopt;
  co_return reply->is_positive();
}

LmtpProbe::LmtpProbe(std::string hostname, Clock const& clock, TargetOf target_of)
    : hostname_{std::move(hostname)},
      clock_{clock},
      target_of_{std::move(target_of)},
      known_{answers_max} {}

bool LmtpProbe::covers(mail::Domain const& domain) const { return target_of_(domain).has_value(); }

asio::awaitable<std::optional<bool>> LmtpProbe::exists(mail::Mailbox mailbox, Duration wait) {
  std::string const key = accounts::address_key(mailbox);
  {
    std::scoped_lock const guard{mutex_};
    Known const* const known = known_.find(key);
    if (known != nullptr && clock_.now() < known->until) co_return known->yes;
  }
  auto target = target_of_(mailbox.domain);
  if (!target) co_return std::nullopt;
  auto const answer = co_await ask_lmtp(std::move(*target), hostname_, std::move(mailbox), wait);
  if (!answer) co_return std::nullopt;
  std::scoped_lock const guard{mutex_};
  known_.touch(key) = {clock_.now() + (*answer ? yes_lasts : no_lasts), *answer};
  co_return answer;
}
}  // namespace pb::runtime
