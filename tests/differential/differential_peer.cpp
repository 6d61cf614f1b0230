// differential_peer.cpp: our SPF and DKIM behind a pipe: a JSON request a line, an answer a line.
// line. Spec: RFC 7208, RFC 6376. Not here: what is asked and whom it is compared with
// (differential.py).
#include <fmt/format.h>

#include <boost/json.hpp>
#include <iostream>
#include <string>

#include "base/encoding.hpp"
#include "dkim/sign.hpp"
#include "dkim/verify.hpp"
#include "dns/world.hpp"
#include "spf/evaluate.hpp"

namespace {
using namespace pb;
namespace json = boost::json;

std::string text_of(json::value const& value) {
  return std::string{std::string_view{value.as_string()}};
}

/// {"name": {"TXT": ["..."], "MX": [[10, "..."]], "A": [...], "FAIL": true}}
dns::World world_of(json::object const& zone) {
  dns::World world;
  for (auto const& [name, node] : zone) {
    world.add_name(name);
    for (auto const& [type, values] : node.as_object()) {
      if (type == "FAIL") {
        world.fail(name, dns::Failure::timeout);
        continue;
      }
      for (json::value const& value : values.as_array()) {
        if (type == "TXT") world.add(name, dns::Type::txt, dns::Txt{text_of(value)});
        if (type == "A") world.add(name, dns::Type::a, *IpAddress::parse(text_of(value)));
        if (type == "AAAA") world.add(name, dns::Type::aaaa, *IpAddress::parse(text_of(value)));
        if (type == "PTR") world.add(name, dns::Type::ptr, dns::Name{text_of(value)});
        if (type == "MX") {
          auto const& pair = value.as_array();
          world.add(name, dns::Type::mx,
                    dns::Mx{static_cast<std::uint16_t>(pair[0].as_int64()), text_of(pair[1])});
        }
      }
    }
  }
  return world;
}

json::object answer_spf(json::object const& request) {
  dns::World const world = world_of(request.at("zone").as_object());
  auto const params =
      spf::identity_params(*IpAddress::parse(text_of(request.at("ip"))),
                           text_of(request.at("helo")), text_of(request.at("mail_from")));
  dns::Facts facts;
  auto const outcome = dns::replay(
      world, facts, [&](dns::Facts const& known) { return spf::check_host(params, known); });
  auto const& result = std::get<spf::Result>(outcome);
  return {{"result", spf::text(result.word)}, {"why", escape_for_display(result.problem, 500)}};
}

Instant instant_of(json::object const& request) {
  return Instant{std::chrono::seconds{request.at("now").as_int64()}};
}

json::object answer_verify(json::object const& request) {
  std::string const message = base64_decode(text_of(request.at("message"))).value();
  dns::World const world = world_of(request.at("zone").as_object());
  std::size_t const end = message.find("\r\n\r\n");
  bool const cut = end != std::string::npos;
  auto const header = mail::HeaderSection::parse(cut ? message.substr(0, end + 2) : message);
  if (!header) return {{"result", "too large"}, {"why", ""}};
  dkim::Verifier verifier{*header, {}};
  if (cut) verifier.body(std::string_view{message}.substr(end + 4));
  verifier.end_of_body();
  dns::Facts facts;
  dkim::KeyCache keys;
  auto const outcome = dns::replay(world, facts, [&](dns::Facts const& known) {
    return verifier.results(known, instant_of(request), keys);
  });
  auto const& results = std::get<std::vector<dkim::SignatureResult>>(outcome);
  if (results.empty()) return {{"result", "none"}, {"why", ""}};
  return {{"result", dkim::text(results.front().word)},
          {"why", dkim::problem_text(results.front().problem)}};
}

json::object answer_sign(json::object const& request) {
  std::string const message = base64_decode(text_of(request.at("message"))).value();
  std::size_t const end = message.find("\r\n\r\n");
  auto const header = mail::HeaderSection::parse(message.substr(0, end + 2));
  dkim::SignOptions options;
  options.now = instant_of(request);
  auto const how = [&](char const* key) {
    return text_of(request.at(key)) == "simple" ? dkim::Canonicalization::simple
                                                : dkim::Canonicalization::relaxed;
  };
  options.header = how("header");
  options.body = how("body");
  if (request.contains("length")) {
    options.length = static_cast<std::uint64_t>(request.at("length").as_int64());
  }
  auto const key = dkim::PrivateKey::from_pem(text_of(request.at("key")));
  auto signer = dkim::Signer::make(*header, {{"example.com", "s", *key}}, options);
  if (!signer) return {{"field", ""}};
  signer->body(std::string_view{message}.substr(end + 4));
  return {{"field", base64_encode(signer->finish().value_or(""))}};
}

/// A key of any size that OpenSSL makes, as PEM and as the record to publish.
json::object answer_key(json::object const& request) {
  bool const rsa = text_of(request.at("type")) == "rsa";
  auto const key = dkim::PrivateKey::generate(rsa ? dkim::KeyType::rsa : dkim::KeyType::ed25519,
                                              static_cast<unsigned>(request.at("bits").as_int64()));
  return {{"pem", key->pem()}, {"record", dkim::key_record_text(key->public_key())}};
}
}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    json::object const request = json::parse(line).as_object();
    std::string const what = text_of(request.at("do"));
    json::object const answer = what == "spf"      ? answer_spf(request)
                                : what == "verify" ? answer_verify(request)
                                : what == "sign"   ? answer_sign(request)
                                                   : answer_key(request);
    std::cout << json::serialize(answer) << std::endl;
  }
}
