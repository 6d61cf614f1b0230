// evaluate_test.cpp: tests/vectors/spf.yml case by case; iprev; questions are never repeated.
// Spec: RFC 7208; RFC 8601 §2.7.3.
#include "spf/evaluate.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "dns/world.hpp"
#include "dns/world_yaml.hpp"

namespace pb::spf {
namespace {
struct Evaluated {
  Result result;
  std::size_t asked = 0;
};

Evaluated evaluate(dns::World const& world, Params const& params) {
  dns::Facts facts;
  std::size_t calls = 0;
  auto outcome = dns::replay(world, facts, [&](dns::Facts const& known) {
    ++calls;
    return check_host(params, known);
  });
  EXPECT_EQ(calls, facts.size() + 1) << "every question is asked once";
  return {std::get<Result>(std::move(outcome)), facts.size()};
}

void run_vector(dns::World const& world, std::string const& name, YAML::Node const& test) {
  auto const params =
      identity_params(*IpAddress::parse(test["host"].as<std::string>()),
                      test["helo"].as<std::string>(), test["mailfrom"].as<std::string>());
  Evaluated const seen = evaluate(world, params);
  EXPECT_EQ(text(seen.result.word), test["result"].as<std::string>())
      << name << ": " << seen.result.problem;
  if (auto const wanted = test["mechanism"]; wanted.IsDefined()) {
    EXPECT_EQ(seen.result.mechanism, wanted.as<std::string>()) << name;
  }
  if (auto const wanted = test["explanation"]; wanted.IsDefined()) {
    EXPECT_EQ(seen.result.explanation, wanted.as<std::string>()) << name;
  }
  if (auto const most = test["asks"]; most.IsDefined()) {
    EXPECT_LE(seen.asked, most.as<std::size_t>()) << name;
  }
}

TEST(CheckHost, says_what_the_vectors_say) {
  for (YAML::Node const& scenario :
       YAML::LoadAllFromFile(std::string{PB_SOURCE_DIR} + "/tests/vectors/spf.yml")) {
    auto const world = dns::world_from_zonedata(scenario["zonedata"]);
    ASSERT_TRUE(world) << world.error();
    for (auto const& test : scenario["tests"]) {
      run_vector(*world, test.first.as<std::string>(), test.second);
    }
  }
}

TEST(CheckHost, a_bad_domain_is_none_without_a_question) {
  dns::Facts const nothing;
  IpAddress const ip = *IpAddress::parse("192.0.2.1");
  for (char const* domain : {"", ".", "localhost", "[192.0.2.1]", "a..example"}) {
    auto const outcome = check_host(helo_params(ip, domain), nothing);
    ASSERT_TRUE(std::holds_alternative<Result>(outcome)) << domain;
    EXPECT_EQ(std::get<Result>(outcome).word, Word::none) << domain;
  }
}

TEST(CheckReverse, passes_only_when_the_name_points_back) {
  auto const world = dns::world_from_yaml(R"(
1.2.0.192.in-addr.arpa:
  - PTR: no.example
  - PTR: Mail.Example.
2.2.0.192.in-addr.arpa:
  - PTR: no.example
3.2.0.192.in-addr.arpa:
  - TIMEOUT
mail.example:
  - A: 192.0.2.1
)");
  ASSERT_TRUE(world);
  auto const reverse = [&](char const* ip) {
    dns::Facts facts;
    auto outcome = dns::replay(*world, facts, [&](dns::Facts const& known) {
      return check_reverse(*IpAddress::parse(ip), known);
    });
    return std::get<ReverseResult>(outcome);
  };
  EXPECT_EQ(reverse("192.0.2.1").word, Word::pass);
  EXPECT_EQ(reverse("192.0.2.1").name, "mail.example");
  EXPECT_EQ(reverse("192.0.2.2").word, Word::fail);
  EXPECT_EQ(reverse("192.0.2.3").word, Word::temperror);
  EXPECT_EQ(reverse("192.0.2.4").word, Word::permerror);
}
}  // namespace
}  // namespace pb::spf
