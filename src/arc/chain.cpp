// chain.cpp: see chain.hpp.                                          Spec: RFC 8617 §4.1, §5.2.
#include "arc/chain.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "dkim/tag_list.hpp"
#include "dns/name.hpp"

namespace pb::arc {
namespace {
/// instance = 1*2DIGIT, 1 to 50 (§4.2.1).
std::optional<unsigned> parse_instance(std::string_view text) {
  auto const number = dkim::parse_number(text, 2);
  if (!number || *number == 0 || *number > instances_max) return std::nullopt;
  return static_cast<unsigned>(*number);
}

std::optional<ChainStatus> parse_status(std::string_view text) {
  if (ascii::iequals(text, "none")) return ChainStatus::none;
  if (ascii::iequals(text, "pass")) return ChainStatus::pass;
  if (ascii::iequals(text, "fail")) return ChainStatus::fail;
  return std::nullopt;
}

/// Which of the three fields, by name.
enum class Part : std::uint8_t { results, message_signature, seal };
struct PartName {
  std::string_view name;
  Part part;
};
constexpr std::array<PartName, 3> part_names{{{"ARC-Authentication-Results", Part::results},
                                              {"ARC-Message-Signature", Part::message_signature},
                                              {"ARC-Seal", Part::seal}}};

struct Slots {
  std::optional<std::size_t> at[3];
  std::optional<Seal> seal;
};

std::optional<unsigned> instance_of(Part part, std::string_view value) {
  switch (part) {
    case Part::results: {
      auto const found = parse_instance_results(value);
      return found ? std::optional{found->instance} : std::nullopt;
    }
    case Part::message_signature:
      return message_signature_instance(value);
    case Part::seal: {
      auto const seal = parse_seal(value);
      return seal ? std::optional{seal->instance} : std::nullopt;
    }
  }
  return std::nullopt;
}

/// §5.2 step 3: complete, without gaps, and with the states that a sound chain has.
std::expected<std::vector<Set>, char const*> check(std::vector<Slots> const& slots) {
  std::vector<Set> sets;
  for (Slots const& slot : slots) {
    bool const whole = slot.at[0] && slot.at[1] && slot.at[2] && slot.seal;
    if (!whole) return std::unexpected{"a set is not complete"};
    sets.push_back({*slot.at[0], *slot.at[1], *slot.at[2], *slot.seal});
  }
  return sets;
}
}  // namespace

std::optional<Seal> parse_seal(std::string_view value) {
  auto const tags = dkim::TagList::parse(value);
  if (!tags) return std::nullopt;
  for (char const* tag : {"i", "a", "b", "cv", "d", "s"}) {
    if (tags->find(tag) == nullptr) return std::nullopt;
  }
  if (tags->find("h") != nullptr || tags->find("bh") != nullptr) return std::nullopt;
  Seal out;
  auto const instance = parse_instance(tags->find("i")->value);
  auto const status = parse_status(tags->find("cv")->value);
  auto signature = dkim::decode_base64_fws(tags->find("b")->value);
  std::string_view const algorithm = tags->find("a")->value;
  bool const ed25519 = ascii::iequals(algorithm, "ed25519-sha256");
  if (!instance || !status || !signature || signature->empty()) return std::nullopt;
  if (!ed25519 && !ascii::iequals(algorithm, "rsa-sha256")) return std::nullopt;
  if (auto const* time = tags->find("t"); time != nullptr && !dkim::parse_number(time->value, 12)) {
    return std::nullopt;
  }
  out.instance = *instance;
  out.status = *status;
  out.domain = dns::normal_name(tags->find("d")->value);
  out.selector = tags->find("s")->value;
  out.signature = std::move(*signature);
  out.key_type = ed25519 ? dkim::KeyType::ed25519 : dkim::KeyType::rsa;
  out.b_begin = tags->find("b")->value_begin;
  out.b_end = tags->find("b")->value_end;
  bool const names =
      dkim::is_domain_or_selector(out.domain) && dkim::is_domain_or_selector(out.selector);
  if (!names || !dns::valid_name(out.key_name())) return std::nullopt;
  return out;
}

/// arc-authres-payload = [CFWS] arc-info [CFWS] ";" authres-payload; arc-info = "i" "=" instance
std::optional<InstanceResults> parse_instance_results(std::string_view value) {
  std::size_t const semicolon = value.find(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  std::string_view const info = value.substr(0, semicolon);
  std::size_t const equals = info.find('=');
  if (equals == std::string_view::npos || ascii::trim(info.substr(0, equals)) != "i") {
    return std::nullopt;
  }
  auto const instance = parse_instance(ascii::trim(info.substr(equals + 1)));
  if (!instance) return std::nullopt;
  return InstanceResults{*instance, value.substr(semicolon + 1)};
}

std::optional<unsigned> message_signature_instance(std::string_view value) {
  auto const tags = dkim::TagList::parse(value);
  if (!tags) return std::nullopt;
  auto const* const instance = tags->find("i");
  return instance == nullptr ? std::nullopt : parse_instance(instance->value);
}

std::expected<std::vector<Set>, char const*> collect_sets(mail::HeaderSection const& header) {
  std::vector<Slots> slots;
  for (std::size_t i = 0; i < header.size(); ++i) {
    mail::Field const field = header.at(i);
    auto const* const known = std::ranges::find_if(part_names, [&](PartName const& candidate) {
      return ascii::iequals(candidate.name, field.name);
    });
    if (known == part_names.end()) continue;
    auto const instance = instance_of(known->part, field.value);
    if (!instance) return std::unexpected{"a field of a set is malformed"};
    if (slots.size() < *instance) slots.resize(*instance);
    Slots& slot = slots[*instance - 1];
    auto& at = slot.at[static_cast<std::size_t>(known->part)];
    if (at) return std::unexpected{"a set has a field twice"};
    at = i;
    if (known->part == Part::seal) slot.seal = parse_seal(field.value);
  }
  return check(slots);
}
}  // namespace pb::arc
