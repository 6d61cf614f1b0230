// dmarc_suite.cpp: mailauth's DMARC cases (zone, input, expectations), RFC 7489 and RFC 9989.
// Spec: RFC 9989.                                         Not here: our own tests (src/dmarc).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "authres/results.hpp"
#include "base/ascii.hpp"
#include "dmarc/evaluate.hpp"
#include "dns/world.hpp"
#include "suite.hpp"

namespace pb::suites {
namespace {
namespace json = boost::json;

std::string string_of(json::value const& value) {
  return value.is_string() ? std::string{value.as_string()} : std::string{};
}

void add_records(dns::World& world, std::string const& name, std::string const& type,
                 json::value const& values) {
  if (values.is_string()) {
    // The recorded resolver failed every question, so it failed the one below the name too.
    if (string_of(values) == "ERR:ETIMEOUT") {
      world.fail(name, dns::Failure::timeout);
      world.fail("_dmarc." + name, dns::Failure::timeout);
    }
    return;
  }
  for (json::value const& value : values.as_array()) {
    if (type == "TXT") {
      std::string text;
      for (json::value const& piece : value.as_array()) text += string_of(piece);
      world.add(name, dns::Type::txt, dns::Txt{text});
    } else if (type == "MX" && value.is_object()) {
      world.add(name, dns::Type::mx, dns::Mx{1, string_of(value.at("exchange"))});
    } else if (value.is_string()) {
      auto const address = IpAddress::parse(string_of(value));
      if (address) world.add(name, type == "A" ? dns::Type::a : dns::Type::aaaa, *address);
    }
  }
}

dns::World world_of(json::value const& zone) {
  dns::World world;
  for (auto const& [name, types] : zone.as_object()) {
    for (auto const& [type, values] : types.as_object()) {
      add_records(world, std::string{name}, std::string{type}, values);
    }
  }
  return world;
}

std::string domain_of(std::string const& address) {
  return address.substr(address.rfind('@') + 1);  // npos + 1 is 0
}

dmarc::Input input_of(json::value const& argument) {
  dmarc::Input input;
  if (argument.is_string()) {
    input.author_domain = string_of(argument);
    return input;
  }
  json::value const& from = argument.at("headerFrom");
  if (from.is_string()) {
    input.author_domain = domain_of(string_of(from));
  } else if (from.as_array().size() == 1) {
    input.author_domain = domain_of(string_of(from.as_array()[0]));
  }
  auto const domain = [](json::value const& item) {
    return item.is_string() ? string_of(item) : string_of(item.at("domain"));
  };
  for (json::value const& item : argument.at("dkimDomains").as_array()) {
    std::uint64_t octets = 0;
    if (item.is_object() && item.as_object().contains("underSized")) {
      octets = item.at("underSized").to_number<std::uint64_t>();
    }
    input.dkim.push_back({domain(item), octets});
  }
  for (json::value const& item : argument.at("spfDomains").as_array()) {
    input.spf.push_back(domain(item));
  }
  return input;
}

struct Outcome {
  dmarc::Result result;
  std::vector<std::string> asked;  // names below _dmarc, in order
};

Outcome evaluate(dns::World const& world, dmarc::Input const& input) {
  Outcome out;
  dns::Facts facts;
  auto outcome = dns::replay(world, facts, [&](dns::Facts const& known) {
    auto step = dmarc::evaluate(input, known);
    if (auto const* question = std::get_if<dns::Question>(&step);
        question != nullptr && question->name.starts_with("_dmarc.")) {
      out.asked.push_back(question->name);
    }
    return step;
  });
  out.result = std::get<dmarc::Result>(std::move(outcome));
  return out;
}

json::value tag_of(std::string const& record, std::string_view tag) {
  for (std::string_view part : ascii::split(record, ';')) {
    auto const equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    if (ascii::iequals(ascii::trim(part.substr(0, equals)), tag)) {
      return json::string{ascii::trim(part.substr(equals + 1))};
    }
  }
  return nullptr;
}

bool found(dmarc::Result const& result) { return !result.record_domain.empty(); }

json::value strict(dmarc::Alignment alignment) { return alignment == dmarc::Alignment::strict; }

/// What an Authentication-Results field would say, with the chain's state as a comment.
std::string info_of(dmarc::Result const& result, std::string const& arc) {
  authres::MethodResult method{"dmarc", std::string{dmarc::text(result.word)}, "", {}, ""};
  method.comment = fmt::format("p={}", dmarc::text(result.published));
  if (!arc.empty()) method.comment += " arc=" + arc;
  method.properties.push_back({"header", "from", result.author_domain});
  return authres::write({"mx.example", {method}});
}

/// Their result as a tree of names; null for what they leave undefined.
json::value value_at(std::string const& path, Outcome const& outcome, json::value const& argument) {
  dmarc::Result const& result = outcome.result;
  dmarc::Record const& record = result.record;
  std::string arc;
  if (argument.is_object() && argument.as_object().contains("arcResult")) {
    arc = string_of(argument.at("arcResult").at("status").at("result"));
  }
  auto const aligned = [](dmarc::Aligned const& one) {
    return one.passed ? json::value(one.domain) : json::value(nullptr);
  };
  if (path == "status.result") return json::string{dmarc::text(result.word)};
  if (path == "policy")
    return found(result) ? json::string{dmarc::text(result.policy)} : json::string{};
  if (path == "p") return found(result) ? json::string{dmarc::text(record.policy)} : json::string{};
  if (path == "sp")
    return record.subdomain ? json::string{dmarc::text(*record.subdomain)} : json::string{};
  if (path == "pct") return record.historic_percent.value_or(0);
  if (path == "ri") return record.historic_interval.value_or(0);
  if (path == "domain" || path == "status.header.d") return json::string{result.record_domain};
  if (path == "status.header.from") return json::string{result.author_domain};
  if (path == "alignment.dkim.strict") return strict(record.dkim);
  if (path == "alignment.spf.strict") return strict(record.spf);
  if (path == "alignment.dkim.result") return aligned(result.dkim);
  if (path == "alignment.spf.result") return aligned(result.spf);
  if (path == "alignment.dkim.underSized") return result.dkim.unsigned_octets;
  if (path == "rr") return json::string{record.published};
  if (path == "isOrgRecord") return result.record_domain != result.author_domain;
  if (path == "info" || path == "status.comment") return json::string{info_of(result, arc)};
  if (path == "error") return result.word == dmarc::Word::temperror ? "DNS timeout" : "";
  if (path.empty()) return found(result) ? json::value(json::object()) : json::value(false);
  // "v", "adkim", "fo", ...: tags as published; a tag without '=' is none.
  return tag_of(record.published, path);
}

/// mailauth keeps a part "=value" under the name false; we ignore it and use the record.
bool is_artefact(json::value const& expectation) {
  auto const* path = expectation.as_object().if_contains("path");
  return path == nullptr || string_of(*path) == "false";
}

bool holds(json::value const& expectation, Outcome const& outcome, json::value const& argument) {
  if (is_artefact(expectation)) return found(outcome.result);
  std::string const path = string_of(expectation.at("path"));
  std::string const op = string_of(expectation.at("op"));
  json::value const argument_value =
      expectation.as_object().contains("arg") ? expectation.at("arg") : json::value();
  bool const negated = expectation.as_object().contains("not") && expectation.at("not").as_bool();
  json::value const seen = value_at(path, outcome, argument);
  bool const falsy = seen.is_null() || seen == json::value(false) || seen == json::value("");
  bool held = false;
  if (op == "equal") held = seen == argument_value;
  if (op == "false" || op == "undefined") held = falsy;
  if (op == "true" || op == "ok") held = !falsy;
  if (op == "include" || op == "contain")
    held = string_of(seen).contains(string_of(argument_value));
  if (op == "type") held = seen.is_string() || seen.is_object();
  // The evaluation's result has no percentage at all; a policy only when a record was found.
  if (op == "property") held = string_of(argument_value) == "policy" && found(outcome.result);
  return held != negated;
}

std::string case_problem(json::value const& item) {
  std::vector<std::pair<std::int64_t, Outcome>> outcomes;
  std::vector<json::value> arguments;
  std::vector<std::string> asked;
  bool const fails = json::serialize(item.at("expect")).contains("DNS timeout");
  for (json::value const& call : item.at("calls").as_array()) {
    json::value const& argument = call.at("args").as_array()[0];
    dmarc::Input const input = input_of(argument);
    dns::World world = world_of(call.at("zone"));
    if (fails) world.fail("_dmarc." + input.author_domain, dns::Failure::timeout);
    outcomes.emplace_back(call.at("id").as_int64(), evaluate(world, input));
    arguments.push_back(argument);
    std::ranges::copy(outcomes.back().second.asked, std::back_inserter(asked));
  }
  if (item.at("expect").as_array().empty()) {
    return outcomes.front().second.result.word == dmarc::Word::temperror ? "" : "no temperror";
  }
  for (json::value const& expectation : item.at("expect").as_array()) {
    auto const* path = expectation.as_object().if_contains("path");
    if (path != nullptr && string_of(*path).starts_with("<dns-calls>")) {
      json::array names;
      for (std::string const& name : asked) names.emplace_back(name);
      if (names != expectation.at("arg")) return "we ask " + json::serialize(names);
      continue;
    }
    auto const* id = expectation.as_object().if_contains("call");
    std::size_t index = 0;
    for (std::size_t i = 0; id != nullptr && i < outcomes.size(); ++i) {
      if (id->is_int64() && outcomes[i].first == id->as_int64()) index = i;
    }
    if (!holds(expectation, outcomes[index].second, arguments[index])) {
      dmarc::Result const& result = outcomes[index].second.result;
      return fmt::format("we say {} policy {} at {} ({}), wanted {}", dmarc::text(result.word),
                         dmarc::text(result.policy), result.record_domain, result.problem,
                         json::serialize(expectation));
    }
  }
  return {};
}

TEST(DmarcSuite, every_case_passes_or_is_excused_by_the_rfc) {
  if (root().empty()) GTEST_SKIP() << "the folder of suites is absent";
  Count count{"dmarc", {}};
  for (json::value const& item :
       json::parse(read_file(root() / "dmarc/mailauth/dmarc-vectors.json")).as_array()) {
    std::string const problem = case_problem(item);
    count.record(fmt::format("{}: {}", string_of(item.at("file")), string_of(item.at("name"))),
                 problem.empty(), problem);
  }
  EXPECT_TRUE(count.finish());
}
}  // namespace
}  // namespace pb::suites
