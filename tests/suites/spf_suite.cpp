// spf_suite.cpp: the RFC 7208 and RFC 4408 suites and mail-auth's SPF vectors, case by case.
// Spec: RFC 7208.                                      Not here: our own vectors (src/spf).
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "dns/name.hpp"
#include "dns/world.hpp"
#include "dns/world_yaml.hpp"
#include "spf/evaluate.hpp"
#include "suite.hpp"

namespace pb::suites {
namespace {
spf::Result evaluate(dns::World const& world, spf::Params const& params) {
  dns::Facts facts;
  auto const outcome = dns::replay(
      world, facts, [&](dns::Facts const& known) { return spf::check_host(params, known); });
  return std::get<spf::Result>(outcome);
}

/// Expected results are one word or a list of words, any of which is right.
bool expects(YAML::Node const& expected, std::string_view word) {
  if (expected.IsScalar()) return expected.as<std::string>() == word;
  return std::ranges::any_of(
      expected, [&](YAML::Node const& entry) { return entry.as<std::string>() == word; });
}

void run_case(Count& count, dns::World const& world, std::string const& name,
              YAML::Node const& test) {
  auto const ip = IpAddress::parse(test["host"].as<std::string>());
  ASSERT_TRUE(ip) << name;
  auto params =
      spf::identity_params(*ip, test["helo"].as<std::string>(), test["mailfrom"].as<std::string>());
  if (test["receiver"].IsDefined()) params.receiver = test["receiver"].as<std::string>();
  spf::Result const result = evaluate(world, params);
  bool passed = expects(test["result"], spf::text(result.word));
  if (test["explanation"].IsDefined() && result.word == spf::Word::fail) {
    auto const wanted = test["explanation"].as<std::string>();
    passed = passed && result.explanation == (wanted == "DEFAULT" ? "" : wanted);
  }
  count.record(
      name, passed,
      fmt::format("we say {} ({}) explanation \"{}\", the case says {}", spf::text(result.word),
                  result.problem, result.explanation, YAML::Dump(test["result"])));
}

void run_pyspf(Count& count, std::string const& file) {
  for (YAML::Node const& scenario : YAML::LoadAll(read_file(root() / "spf/pyspf/test" / file))) {
    if (!scenario["tests"].IsDefined()) continue;
    auto const world = dns::world_from_zonedata(scenario["zonedata"]);
    ASSERT_TRUE(world) << world.error();
    for (auto const& test : scenario["tests"]) {
      run_case(count, *world, fmt::format("{} {}", file, test.first.as<std::string>()),
               test.second);
    }
  }
}

/// "name rest" as mail-auth writes records.
std::pair<std::string, std::string> split_once(std::string_view text) {
  auto const space = text.find(' ');
  if (space == std::string_view::npos) return {std::string{text}, ""};
  return {std::string{text.substr(0, space)}, std::string{ascii::trim(text.substr(space))}};
}

void add_addresses(dns::World& world, std::string const& name, std::string_view list, bool as_mx) {
  std::uint16_t preference = 0;
  if (as_mx) world.remove(name, dns::Type::mx);
  for (std::string_view item : ascii::split(list, ',')) {
    auto const address = IpAddress::parse(ascii::trim(item));
    ASSERT_TRUE(address) << item;
    dns::Type const type = address->is_v4() ? dns::Type::a : dns::Type::aaaa;
    std::string host = name;
    if (as_mx) {
      host = fmt::format("mx{}.{}", ++preference, name);
      world.add(name, dns::Type::mx, dns::Mx{preference, host});
      world.remove(host, dns::Type::a);
      world.remove(host, dns::Type::aaaa);
    }
    world.add(host, type, *address);
  }
}

/// One record as their files write it: "spf: name text", "a: name address, address",
/// "ptr: address name". A record set replaces the one of that name and type.
void add_record(dns::World& world, std::string const& kind, std::string const& value) {
  auto const [name, rest] = split_once(value);
  if (kind == "spf" || kind == "exp") {
    world.remove(name, dns::Type::txt);
    world.add(name, dns::Type::txt, dns::Txt{rest});
  } else if (kind == "ptr") {
    auto const address = IpAddress::parse(name);
    ASSERT_TRUE(address) << name;
    for (std::string_view target : ascii::split(rest, ',')) {
      world.add(dns::reverse_name(*address), dns::Type::ptr,
                dns::Name{std::string{ascii::trim(target)}});
    }
  } else {
    add_addresses(world, name, rest, kind == "mx");
  }
}

/// Their harness checks the HELO name `domain` first and the sender's when that passes.
spf::Result mail_auth_result(dns::World const& world, IpAddress const& ip, std::string const& helo,
                             std::string const& sender) {
  spf::Result const first = evaluate(world, spf::helo_params(ip, helo));
  if (first.word != spf::Word::pass || sender.empty()) return first;
  return evaluate(world, spf::identity_params(ip, helo, sender));
}

/// Keys of a scenario repeat and are steps: each sets what its name says, "expect" runs a case.
/// Records of earlier scenarios of the file stay.
void run_mail_auth(Count& count, dns::World& world, std::string const& file,
                   YAML::Node const& scenario) {
  for (auto const& pair : scenario["records"]) {
    add_record(world, pair.first.as<std::string>(), pair.second.as<std::string>());
  }
  std::string domain;
  std::string sender;
  std::optional<IpAddress> ip;
  int number = 0;
  for (YAML::Node const& test : scenario["tests"]) {
    for (auto const& step : test) {
      auto const key = step.first.as<std::string>();
      std::string const value{step.second.IsNull() ? ""
                                                   : ascii::trim(step.second.as<std::string>())};
      if (key == "domain") domain = value;
      if (key == "sender") sender = value;
      if (key == "ip") ip = IpAddress::parse(value);
      bool const record = key == "spf" || key == "exp" || key == "a" || key == "aaaa" ||
                          key == "mx" || key == "ptr";
      if (record) add_record(world, key, value);
      if (key != "expect") continue;
      ASSERT_TRUE(ip) << file;
      spf::Result const result = mail_auth_result(world, *ip, domain, sender);
      auto const [word, explanation] = split_once(value);
      count.record(fmt::format("{} {} #{}", file, scenario["name"].as<std::string>(), ++number),
                   spf::text(result.word) == word &&
                       (explanation.empty() || result.explanation == explanation),
                   fmt::format("we say {} {} ({}), the case says {}", spf::text(result.word),
                               result.explanation, result.problem, value));
    }
  }
}

void run_mail_auth_files(Count& count) {
  std::vector<std::filesystem::path> files;
  for (auto const& entry :
       std::filesystem::directory_iterator{root() / "spf/stalwart-mail-auth/resources/spf"}) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (auto const& file : files) {
    dns::World world;
    for (char const* name : {"_dns_error.org", "_dns_error.test.org"}) {
      world.fail(name, dns::Failure::servfail);
    }
    for (YAML::Node const& scenario : YAML::LoadAll(read_file(file))) {
      run_mail_auth(count, world, file.stem().string(), scenario);
    }
  }
}

std::map<std::string, std::string> const excuses{
    {"all All test #1",
     "it wants \"-all ip:10.0.0.1\" to fail; RFC 7208 4.6: \"If there are any syntax errors "
     "anywhere in the record, check_host() returns immediately with the result permerror\", and "
     "the grammar of section 12 has no mechanism \"ip\""},
    {"basic DNS Lookup Limits #1",
     "it wants ten look-ups that find nothing to be allowed; RFC 7208 4.6.4: \"SPF implementations "
     "SHOULD limit void lookups to two ... exceeding the limit produces a permerror result\""},
    {"exists Exists #2",
     "it wants an AAAA record to satisfy exists; RFC 7208 5.7: \"The resulting domain name is used "
     "for a DNS A RR lookup (even when the connection type is IPv6)\""},
    {"macro Macro expansion 2 #2",
     "it wants an AAAA record to satisfy exists; RFC 7208 5.7: \"The resulting domain name is used "
     "for a DNS A RR lookup (even when the connection type is IPv6)\""},
    {"ip IPv6 match #4",
     "it wants ip6:::ffff:10.1.2.3 to match an IPv4 client; RFC 7208 5: a mapped address \"MUST "
     "still be considered an IPv4 address\", and ip6 tests for \"a given IPv6 network\" (5.6)"},
};

TEST(SpfSuite, every_case_passes_or_is_excused_by_the_rfc) {
  if (root().empty()) GTEST_SKIP() << "the folder of suites is absent";
  Count count{"spf", excuses};
  run_pyspf(count, "rfc7208-tests.yml");
  run_pyspf(count, "rfc4408-tests.yml");
  run_mail_auth_files(count);
  EXPECT_TRUE(count.finish());
}
}  // namespace
}  // namespace pb::suites
