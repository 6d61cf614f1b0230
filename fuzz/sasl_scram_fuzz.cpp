// sasl_scram_fuzz.cpp: both SCRAM machines and all four message parsers.
// Spec: RFC 5802 §7.          Not here: keys (fixed: those of the example in RFC 7677).
// Covers: src/sasl/scram_messages.cpp src/sasl/scram_server.cpp src/sasl/scram_client.cpp
//
// Input: one octet that chooses who is fed and with what, then messages parted by line ends.
#include <cstddef>
#include <cstdint>

#include "base/ascii.hpp"
#include "base/check.hpp"
#include "base/encoding.hpp"
#include "sasl/client.hpp"
#include "sasl/scram.hpp"
#include "sasl/server.hpp"

namespace {
using namespace pb;
using namespace pb::sasl;

ScramKeys const& example_keys() {
  static ScramKeys const keys =
      scram::derive_keys("pencil", base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==").value(), 4096);
  return keys;
}

void parse_all(std::string_view text) {
  if (auto const first = scram::parse_client_first(text); first) {
    PB_CHECK(first->gs2_header + first->bare == text);
    PB_CHECK(!first->user.empty() && !first->nonce.empty());
    PB_CHECK(first->bare.find("n=" + scram::escape_name(first->user)) == 0);
  }
  if (auto const final = scram::parse_client_final(text); final) {
    PB_CHECK(text.starts_with(final->without_proof));
    PB_CHECK(final->proof.size() == scram::key_octets);
  }
  if (auto const final = scram::parse_server_final(text); final) {
    PB_CHECK(final->error.empty() != final->signature.empty());
  }
  if (auto const first = scram::parse_server_first(text); first) {
    PB_CHECK(first->iterations > 0 && !first->salt.empty());
  }
}

void feed_server(unsigned char choice, std::vector<std::string_view> const& messages) {
  bool const plus = (choice & 1) != 0;
  MechanismInputs inputs;
  inputs.nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  inputs.plus_offered = plus || (choice & 2) != 0;
  if (inputs.plus_offered) inputs.channel_binding = "channel";
  auto const machine = make_mechanism(
      plus ? MechanismName::scram_sha_256_plus : MechanismName::scram_sha_256, std::move(inputs));
  bool const usable = (choice & 4) == 0;
  for (std::string_view const message : messages) {
    Outcome outcome = message == "-" ? machine->respond(std::nullopt) : machine->respond(message);
    if (std::holds_alternative<Question>(outcome)) {
      bool const found = (choice & 8) == 0;
      Answer const answer = found    ? Answer{ScramFound{"user", example_keys(), usable}}
                            : usable ? Answer{Unavailable{}}
                                     : Answer{Denied{}};
      outcome = machine->answer(answer);
    }
    if (std::holds_alternative<Success>(outcome)) PB_CHECK(usable);
    if (!std::holds_alternative<Challenge>(outcome)) return;
  }
}

void feed_client(unsigned char choice, std::vector<std::string_view> const& messages) {
  ClientInputs inputs;
  inputs.credentials = {"user", (choice & 4) != 0 ? "" : "pencil", ""};
  inputs.nonce = "rOprNGfwEbeRWgbNEkqO";
  inputs.plus_offered = (choice & 2) != 0;
  bool const plus = (choice & 1) != 0;
  if (plus || (choice & 8) != 0) inputs.channel_binding = "channel";
  auto const machine = make_client_mechanism(
      plus ? ClientMechanismName::scram_sha_256_plus : ClientMechanismName::scram_sha_256, inputs);
  if (!machine->initial_response()) return;
  for (std::string_view const message : messages) {
    // A million iterations are legal and slow: not what we look for here.
    auto const first = scram::parse_server_first(message);
    if (first && first->iterations > 5000 && first->iterations < 1'000'000) return;
    if (!machine->respond(message)) return;
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const text{reinterpret_cast<char const*>(data) + 1, size - 1};
  auto const messages = ascii::split(text, '\n');
  if (messages.size() > 16) return 0;
  for (std::string_view const message : messages) parse_all(message);
  if ((data[0] & 16) != 0) {
    feed_client(data[0], messages);
  } else {
    feed_server(data[0], messages);
  }
  return 0;
}
