// tls_suite.cpp: records of MTA-STS, TLSRPT and TLSA: mox's vectors, checkdmarc's, mimecast's
// records and OpenSSL's TLSA blocks. mimecast's policy cases test that library's own limits and are
// not run. Spec: RFC 8461, RFC 8460, RFC 6698.                                   Not here: TLS
// itself.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/ascii.hpp"
#include "dane/record.hpp"
#include "mtasts/record.hpp"
#include "suite.hpp"
#include "tlsrpt/record.hpp"

namespace pb::suites {
namespace {
namespace json = boost::json;

std::string string_at(json::value const& item, char const* key) {
  auto const* value = item.as_object().if_contains(key);
  return value != nullptr && value->is_string() ? std::string{value->as_string()} : std::string{};
}

void run_mox(Count& count) {
  int number = 0;
  for (json::value const& item :
       json::parse(read_file(root() / "mixed/mox/parser-vectors.json")).as_array()) {
    std::string const file = string_at(item, "file");
    std::string const call = string_at(item, "call");
    if (call != "good" && call != "bad") continue;
    std::string const input = string_at(item, "input");
    bool good = false;
    if (file.starts_with("mtasts/")) {
      good = string_at(item, "test") == "TestRecord" ? mtasts::parse_record(input).has_value()
                                                     : mtasts::parse_policy(input).has_value();
    } else if (file.starts_with("tlsrpt/")) {
      good = tlsrpt::parse_record(input).has_value();
    } else {
      continue;
    }
    count.record(fmt::format("mox {} #{}", file, ++number), good == (call == "good"), input);
  }
}

void run_checkdmarc(Count& count) {
  for (json::value const& item :
       json::parse(read_file(root() / "tls/mta-sts/checkdmarc/vectors.json")).as_array()) {
    std::string const name = string_at(item, "test");
    json::value const& inputs = item.at("inputs");
    bool const refused = json::serialize(item.at("asserts")).contains("assertRaises");
    bool good = true;
    if (inputs.as_object().contains("record")) {
      good = mtasts::parse_record(string_at(inputs, "record")).has_value();
    } else if (inputs.as_object().contains("policy")) {
      good = mtasts::parse_policy(string_at(inputs, "policy")).has_value();
    } else {
      // testMxInMtaStsPatterns: three calls written out in its assertions.
      mtasts::Policy const exact{mtasts::Mode::enforce, {"mail.example.com"}, {}, {}};
      mtasts::Policy const pattern{mtasts::Mode::enforce, {"*.example.com"}, {}, {}};
      good = mtasts::matches(exact, "mail.example.com") &&
             mtasts::matches(pattern, "mail.example.com") &&
             !mtasts::matches(pattern, "mail.other.com");
    }
    count.record("checkdmarc " + name, good != refused, json::serialize(inputs));
  }
}

void run_mimecast_records(Count& count) {
  for (json::value const& item :
       json::parse(read_file(root() / "tls/mta-sts/mimecast/vectors.json")).as_array()) {
    if (string_at(item, "cls") != "StsRecordTest") continue;
    std::string const text = string_at(item, "txt");
    count.record("mimecast record " + string_at(item, "test"),
                 mtasts::parse_record(text).has_value() == item.at("valid").as_bool(), text);
  }
}

/// Each line of a block that begins with three numbers is a TLSA record.
void run_openssl(Count& count) {
  int number = 0;
  std::string const text = read_file(root() / "tls/openssl-dane/test/danetest.in");
  for (std::string_view line : ascii::split(text, '\n')) {
    auto const words = ascii::split(line, ' ');
    bool const record = words.size() == 4 && words[3].size() > 8 && words[0].size() == 1 &&
                        ascii::is_digit(words[0].front());
    if (!record) continue;
    auto const parsed = dane::parse_record(line);
    bool const passed = parsed && ascii::iequals(dane::text(*parsed), line);
    count.record(fmt::format("openssl TLSA #{}", ++number), passed, std::string{line});
  }
}

std::map<std::string, std::string> const excuses{
    {"checkdmarc testParseMtaStsPolicyDuplicateKey",
     "it wants a second mode to be an error; by RFC 8461 3.2 the first entry of a duplicated field "
     "counts and the others are ignored"},
    {"checkdmarc testParseMtaStsPolicyUnexpectedKey",
     "it wants an unknown key to be an error; by RFC 8461 3.2 a policy may have extension fields "
     "(sts-policy-extension), which parsers ignore"},
};

TEST(TlsSuite, every_case_passes_or_is_excused_by_the_rfc) {
  if (root().empty()) GTEST_SKIP() << "the folder of suites is absent";
  Count count{"tls records", excuses};
  run_mox(count);
  run_checkdmarc(count);
  run_mimecast_records(count);
  run_openssl(count);
  EXPECT_TRUE(count.finish());
}
}  // namespace
}  // namespace pb::suites
