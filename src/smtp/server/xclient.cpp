// xclient.cpp: the XCLIENT command: a proxy that we trust says who its client is.
// Spec: Postfix XCLIENT_README (attributes in xtext, [UNAVAILABLE], [TEMPUNAVAIL]).
// Tests: dialogues/xclient_*.smtp.   Not here: who may (policy classifies; [networks] xclient).
#include <charconv>

#include "base/ascii.hpp"
#include "smtp/server/session_impl.hpp"

namespace pb::smtp::server {
namespace {
/// What one XCLIENT command says; applied only when all of it is well-formed.
struct Client {
  PeerFacts peer;
  std::optional<std::string> helo;
  std::optional<bool> esmtp;
  std::optional<std::string> login;
};

bool is_unavailable(std::string_view value) {
  return ascii::iequals(value, "[UNAVAILABLE]") || ascii::iequals(value, "[TEMPUNAVAIL]");
}

bool set_address(IpAddress& address, std::string_view value) {
  if (ascii::istarts_with(value, "IPV6:")) value.remove_prefix(5);
  auto const parsed = IpAddress::parse(value);
  if (parsed) address = *parsed;
  return parsed.has_value();
}

bool set_port(std::uint16_t& port, std::string_view value) {
  auto const end = value.data() + value.size();
  auto const [at, error] = std::from_chars(value.data(), end, port);
  return error == std::errc{} && at == end;
}

bool is_plain(std::string_view value) {
  for (char const c : value) {
    if (!ascii::is_vchar(c)) return false;
  }
  return !value.empty();
}

/// False: no such attribute, or a value that it cannot have.
bool set_attribute(Client& client, std::string_view name, std::string const& value) {
  bool const unknown = is_unavailable(value);
  if (ascii::iequals(name, "ADDR")) return !unknown && set_address(client.peer.peer.address, value);
  if (ascii::iequals(name, "PORT")) return unknown || set_port(client.peer.peer.port, value);
  if (ascii::iequals(name, "DESTADDR")) {
    return unknown || set_address(client.peer.local.address, value);
  }
  if (ascii::iequals(name, "DESTPORT")) return unknown || set_port(client.peer.local.port, value);
  if (ascii::iequals(name, "NAME")) {
    client.peer.host_name = unknown ? "" : value;
    return is_plain(value);
  }
  if (ascii::iequals(name, "HELO")) {
    client.helo = unknown ? "" : value;
    return is_plain(value);
  }
  if (ascii::iequals(name, "PROTO")) {
    client.esmtp = ascii::iequals(value, "ESMTP");
    return *client.esmtp || ascii::iequals(value, "SMTP") || unknown;
  }
  if (ascii::iequals(name, "LOGIN")) {
    client.login = unknown ? "" : value;
    return is_plain(value);
  }
  return false;
}
}  // namespace

void Session::Impl::handle_xclient(std::string_view arguments) {
  // Behind it stands someone whom we do not know now: a proxy that goes on after the refusal must
  // not lend them the trust in its own address.
  auto const refuse = [this](Reply const& reply) {
    facts_.peer.trusted = false;
    protocol_error(reply);
  };
  if (!facts_.peer.may_xclient) return refuse(reply::xclient_denied);
  if (arguments.empty()) return refuse(reply::bad_argument);
  Client client{facts_.peer, {}, {}, {}};
  for (std::string_view const word : ascii::split(arguments, ' ')) {
    if (word.empty()) continue;
    auto const equals = word.find('=');
    if (equals == std::string_view::npos) return refuse(reply::bad_argument);
    auto const value = decode_xtext(word.substr(equals + 1));
    if (!value || !set_attribute(client, word.substr(0, equals), *value)) {
      return refuse(reply::bad_argument);
    }
  }
  if (client.login && !facts_.peer.xclient_login) return refuse(reply::xclient_denied);
  // The session starts again, as the client that was named (its trust is asked for anew).
  facts_.peer = std::move(client.peer);
  facts_.helo = client.helo.value_or("");
  facts_.esmtp = client.esmtp.value_or(false);
  facts_.account = client.login.value_or("");
  facts_.auth_mechanism.clear();
  order_ = Order::connected;
  reset_transaction();
  restarted_ = true;
  ask(Stage::connect);
}
}  // namespace pb::smtp::server
