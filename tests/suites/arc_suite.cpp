// arc_suite.cpp: ValiMail's ARC suite: 171 chains to validate, 17 messages to seal.
// Spec: RFC 8617.                                           Not here: our own tests (src/arc).
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "arc/seal.hpp"
#include "arc/verify.hpp"
#include "authres/results.hpp"
#include "base/ascii.hpp"
#include "dkim/tag_list.hpp"
#include "dns/world.hpp"
#include "mail/message_text.hpp"
#include "suite.hpp"

namespace pb::suites {
namespace {
dns::World world_of(YAML::Node const& records) {
  dns::World world;
  for (auto const& pair : records) {
    std::string text = pair.second.as<std::string>();
    std::erase(text, '\n');
    world.add(pair.first.as<std::string>(), dns::Type::txt, dns::Txt{text});
  }
  return world;
}

arc::Result verify(dns::World const& world, std::string const& message) {
  std::string const crlf = mail::with_crlf(message);
  auto const parts = mail::split_message(crlf);
  auto const header = mail::HeaderSection::parse(parts.header);
  EXPECT_TRUE(header);
  arc::Verifier verifier{*header, {}};
  verifier.body(parts.body);
  verifier.end_of_body();
  dkim::KeyCache keys;
  dns::Facts facts;
  auto outcome = dns::replay(world, facts,
                             [&](dns::Facts const& known) { return verifier.result(known, keys); });
  return std::get<arc::Result>(std::move(outcome));
}

void run_validation(Count& count) {
  for (YAML::Node const& scenario :
       YAML::LoadAll(read_file(root() / "arc/valimail/tests/arc-draft-validation-tests.yml"))) {
    if (!scenario["tests"].IsDefined()) continue;
    dns::World const world = world_of(scenario["txt-records"]);
    for (auto const& test : scenario["tests"]) {
      auto const expected = ascii::to_lower(test.second["cv"].as<std::string>());
      auto const result = verify(world, test.second["message"].as<std::string>());
      // "" stands for a chain with a seal that says fail: nothing is verified then and the status
      // is fail (RFC 8617 5.2 steps 2 and 3).
      bool const ended = expected.empty() && result.word == arc::Word::fail;
      count.record(test.first.as<std::string>(), ended || arc::text(result.word) == expected,
                   fmt::format("we say {} ({}), the case says {}", arc::text(result.word),
                               result.problem, expected));
    }
  }
}

/// The tags of a field as one line each, without FWS: signatures are compared octet by octet.
std::vector<std::string> tags_of(std::string_view value) {
  std::vector<std::string> out;
  auto const tags = dkim::TagList::parse(value);
  if (!tags) return {std::string{value}};
  for (dkim::Tag const& tag : tags->tags()) {
    out.push_back(fmt::format("{}={}", tag.name, dkim::without_fws(tag.value)));
  }
  return out;
}

std::string without_blanks(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') out.push_back(c);
  }
  return out;
}

/// The methods that all our Authentication-Results fields hold, and what they say of the chain.
arc::SealOptions options_of(mail::HeaderSection const& header, YAML::Node const& test) {
  arc::SealOptions options;
  options.authserv_id = test["srv-id"].as<std::string>();
  options.now = Instant{std::chrono::seconds{test["t"].as<std::int64_t>()}};
  for (std::string_view name : ascii::split(test["sig-headers"].as<std::string>(), ':')) {
    options.fields.emplace_back(name);
  }
  for (mail::Field const& field : header.all("Authentication-Results")) {
    if (!authres::claims(field.value, options.authserv_id)) continue;
    for (std::string& raw : authres::raw_methods(field.value)) {
      if (raw.starts_with("arc=pass")) options.status = arc::ChainStatus::pass;
      if (raw.starts_with("arc=fail")) options.status = arc::ChainStatus::fail;
      options.results.push_back(std::move(raw));
    }
  }
  return options;
}

std::string seal_problem(YAML::Node const& scenario, YAML::Node const& test) {
  std::string const message = mail::with_crlf(test["message"].as<std::string>());
  auto const parts = mail::split_message(message);
  auto const header = mail::HeaderSection::parse(parts.header);
  auto const key = dkim::PrivateKey::from_pem(scenario["privatekey"].as<std::string>());
  if (!header || !key) return "the case cannot be read";
  auto sealer = arc::Sealer::make(
      *header, {scenario["domain"].as<std::string>(), scenario["sel"].as<std::string>(), *key},
      options_of(*header, test));
  auto const expected_seal = test["AS"].as<std::string>();
  if (!sealer) {
    return expected_seal.empty() && sealer.error() == arc::SealError::chain_ended
               ? ""
               : std::string{arc::text(sealer.error())};
  }
  if (expected_seal.empty()) return "sealed where nothing should be added";
  sealer->body(parts.body);
  auto const fields = mail::HeaderSection::parse(*sealer->finish());
  if (tags_of(fields->at(1).value) != tags_of(test["AMS"].as<std::string>())) {
    return "another ARC-Message-Signature";
  }
  if (tags_of(fields->at(0).value) != tags_of(expected_seal)) return "another ARC-Seal";
  if (without_blanks(fields->at(2).value) != without_blanks(test["AAR"].as<std::string>())) {
    return "another ARC-Authentication-Results";
  }
  return {};
}

void run_sealing(Count& count) {
  for (YAML::Node const& scenario :
       YAML::LoadAll(read_file(root() / "arc/valimail/tests/arc-draft-sign-tests.yml"))) {
    if (!scenario["tests"].IsDefined()) continue;
    for (auto const& test : scenario["tests"]) {
      std::string const problem = seal_problem(scenario, test.second);
      count.record("seal " + test.first.as<std::string>(), problem.empty(), problem);
    }
  }
}

TEST(ArcSuite, every_case_passes_or_is_excused_by_the_rfc) {
  if (root().empty()) GTEST_SKIP() << "the folder of suites is absent";
  Count count{"arc", {}};
  run_validation(count);
  run_sealing(count);
  EXPECT_TRUE(count.finish());
}
}  // namespace
}  // namespace pb::suites
