// scram_messages.cpp: parsing SCRAM's four messages, strictly.
// Spec: RFC 5802 §7 (ABNF, quoted below). Tests: scram_test.cpp   Not here: keys (scram_keys.cpp).
#include <charconv>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "sasl/scram.hpp"

namespace pb::sasl::scram {
namespace {
using Text = std::expected<std::string_view, ParseError>;

/// Takes "x=value" up to the next comma (which goes too) off the front.
Text take_attribute(std::string_view& text, char name) {
  // RFC 5802 §5.1: "m=" is a mandatory extension; whoever does not know it must fail.
  if (text.starts_with("m=")) return std::unexpected{ParseError::extension};
  if (text.size() < 2 || text[0] != name || text[1] != '=') {
    return std::unexpected{ParseError::syntax};
  }
  auto const comma = text.find(',');
  if (comma == text.size() - 1) return std::unexpected{ParseError::syntax};
  std::string_view const value =
      text.substr(2, comma == std::string_view::npos ? comma : comma - 2);
  text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  return value;
}

/// What may follow the known attributes: extensions = attr-val *("," attr-val), not "m=".
bool are_optional_extensions(std::string_view text) {
  if (text.empty()) return true;
  for (std::string_view const part : ascii::split(text, ',')) {
    if (part.size() < 3 || !ascii::is_alpha(part[0]) || part[1] != '=' || part[0] == 'm') {
      return false;
    }
  }
  return true;
}

/// saslname = 1*(value-safe-char / "=2C" / "=3D")
std::optional<std::string> unescape_name(std::string_view text) {
  if (text.empty() || text.size() > user_octets_max || !utf8::valid(text)) return std::nullopt;
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\0') return std::nullopt;
    if (text[i] != '=') {
      name += text[i];
      continue;
    }
    std::string_view const code = text.substr(i, 3);
    if (code != "=2C" && code != "=3D") return std::nullopt;
    name += code == "=2C" ? ',' : '=';
    i += 2;
  }
  return name;
}

/// nonce: printable = %x21-2B / %x2D-7E
bool is_nonce(std::string_view text) {
  return !text.empty() && text.size() <= nonce_octets_max &&
         std::ranges::all_of(text, [](char c) { return ascii::is_vchar(c) && c != ','; });
}

/// cb-name = 1*(ALPHA / DIGIT / "." / "-")
bool is_binding_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return ascii::is_alnum(c) || c == '.' || c == '-';
  });
}

/// gs2-cbind-flag = ("p=" cb-name) / "n" / "y"
bool read_flag(std::string_view flag, ClientFirst& first) {
  if (flag == "n") {
    first.flag = BindingFlag::unsupported;
  } else if (flag == "y") {
    first.flag = BindingFlag::not_offered;
  } else if (flag.starts_with("p=") && is_binding_name(flag.substr(2))) {
    first.flag = BindingFlag::used;
    first.binding_name = flag.substr(2);
  } else {
    return false;
  }
  return true;
}

/// gs2-header = gs2-cbind-flag "," [ authzid ] ","
bool read_gs2_header(std::string_view message, ClientFirst& first) {
  auto const comma = message.find(',');
  if (comma == std::string_view::npos || !read_flag(message.substr(0, comma), first)) return false;
  auto const second = message.find(',', comma + 1);
  if (second == std::string_view::npos) return false;
  std::string_view const identity = message.substr(comma + 1, second - comma - 1);
  first.gs2_header = message.substr(0, second + 1);
  if (identity.empty()) return true;
  if (!identity.starts_with("a=")) return false;
  auto name = unescape_name(identity.substr(2));
  if (!name) return false;
  first.authorization_identity = std::move(*name);
  return true;
}
}  // namespace

// client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
std::expected<ClientFirst, ParseError> parse_client_first(std::string_view message) {
  if (message.size() > message_octets_max) return std::unexpected{ParseError::too_long};
  ClientFirst first;
  if (!read_gs2_header(message, first)) return std::unexpected{ParseError::syntax};
  first.bare = message.substr(first.gs2_header.size());
  std::string_view rest{first.bare};
  Text const user = take_attribute(rest, 'n');
  if (!user) return std::unexpected{user.error()};
  auto name = unescape_name(*user);
  Text const nonce = take_attribute(rest, 'r');
  if (!nonce) return std::unexpected{nonce.error()};
  if (!name || !is_nonce(*nonce) || !are_optional_extensions(rest)) {
    return std::unexpected{ParseError::syntax};
  }
  first.user = std::move(*name);
  first.nonce = *nonce;
  return first;
}

// server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
std::expected<ServerFirst, ParseError> parse_server_first(std::string_view message) {
  if (message.size() > message_octets_max) return std::unexpected{ParseError::too_long};
  std::string_view rest{message};
  Text const nonce = take_attribute(rest, 'r');
  if (!nonce) return std::unexpected{nonce.error()};
  Text const salt = take_attribute(rest, 's');
  if (!salt) return std::unexpected{salt.error()};
  Text const count = take_attribute(rest, 'i');
  if (!count) return std::unexpected{count.error()};
  auto decoded = base64_decode(*salt);
  if (!is_nonce(*nonce) || !decoded || decoded->empty() || !are_optional_extensions(rest)) {
    return std::unexpected{ParseError::syntax};
  }
  ServerFirst first{std::string{*nonce}, std::move(*decoded), 0};
  // iteration-count = "i=" posit-number, and a posit-number has no leading zero.
  char const* const end = count->data() + count->size();
  auto const [read_to, error] = std::from_chars(count->data(), end, first.iterations);
  if (count->starts_with('0') || error != std::errc{} || read_to != end) {
    return std::unexpected{ParseError::syntax};
  }
  return first;
}

// client-final-message = channel-binding "," nonce ["," extensions] "," proof
std::expected<ClientFinal, ParseError> parse_client_final(std::string_view message) {
  if (message.size() > message_octets_max) return std::unexpected{ParseError::too_long};
  auto const proof_at = message.rfind(",p=");
  if (proof_at == std::string_view::npos) return std::unexpected{ParseError::syntax};
  std::string_view rest = message.substr(0, proof_at);
  std::string const without_proof{rest};
  Text const binding = take_attribute(rest, 'c');
  if (!binding) return std::unexpected{binding.error()};
  Text const nonce = take_attribute(rest, 'r');
  if (!nonce) return std::unexpected{nonce.error()};
  auto bound = base64_decode(*binding);
  auto proof = base64_decode(message.substr(proof_at + 3));
  if (!bound || !proof || proof->size() != key_octets || !is_nonce(*nonce) ||
      !are_optional_extensions(rest)) {
    return std::unexpected{ParseError::syntax};
  }
  return ClientFinal{std::move(*bound), std::string{*nonce}, std::move(*proof), without_proof};
}

// server-final-message = (server-error / verifier) ["," extensions]
std::expected<ServerFinal, ParseError> parse_server_final(std::string_view message) {
  if (message.size() > message_octets_max) return std::unexpected{ParseError::too_long};
  std::string_view rest{message};
  bool const is_error = message.starts_with("e=");
  Text const value = take_attribute(rest, is_error ? 'e' : 'v');
  if (!value) return std::unexpected{value.error()};
  if (value->empty() || !are_optional_extensions(rest)) return std::unexpected{ParseError::syntax};
  if (is_error) return ServerFinal{{}, std::string{*value}};
  auto signature = base64_decode(*value);
  if (!signature || signature->size() != key_octets) return std::unexpected{ParseError::syntax};
  return ServerFinal{std::move(*signature), {}};
}

std::string escape_name(std::string_view name) {
  std::string out;
  for (char const c : name) {
    if (c == ',') {
      out += "=2C";
    } else if (c == '=') {
      out += "=3D";
    } else {
      out += c;
    }
  }
  return out;
}
}  // namespace pb::sasl::scram
