// idna_suite.cpp: Unicode's IDNA vectors (IdnaTestV2): a domain's key is its non-transitional
// A-label form.                      Spec: UTS #46 §8; RFC 5890; RFC 5321 §4.1.2.  Not here: paths.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "mail/address.hpp"
#include "suite.hpp"

namespace pb::suites {
namespace {
/// \uXXXX and \x{XXXX} undone.
std::string decode(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    bool const four = text.starts_with("\\u") && text.size() >= 6;
    bool const braces = text.starts_with("\\x{");
    if (!four && !braces) {
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    auto const end = four ? 6 : text.find('}') + 1;
    auto const digits = four ? text.substr(2, 4) : text.substr(3, end - 4);
    auto const code = static_cast<char32_t>(std::stoul(std::string{digits}, nullptr, 16));
    // A surrogate has no UTF-8: three octets that no decoder takes.
    if (code >= 0xD800 && code < 0xE000) {
      out += "\xED\xA0\x80";
    } else {
      utf8::append(out, code);
    }
    text.remove_prefix(end);
  }
  return out;
}

/// Lines of the file (IdnaTestV2 15.0.0) that another text contradicts, by that text.
struct Excuse {
  std::string_view text;
  std::vector<int> lines;
};
std::vector<Excuse> const excuses{
    {"RFC 5321 §4.1.2: Domain = sub-domain *(\".\" sub-domain): no dot stands at the end",
     {262,  263,  264,  265,  266,  267,  268,  351,  366,  367,  368,  369,  370,  609,  610,
      611,  612,  613,  623,  624,  625,  626,  2708, 2856, 2857, 3329, 3330, 3341, 3342, 3343,
      4447, 4448, 4508, 4509, 4649, 4767, 4768, 4769, 4770, 5342, 5343, 6121, 6122, 6313}},
    {"RFC 5892 §2.6, §2.10: the character is DISALLOWED or UNASSIGNED in IDNA2008; UTS #46 is "
     "wider",
     {192,  194,  312,  829,  830,  831,  832,  1241, 1243, 1247, 1251, 1253, 1255,
      1492, 1493, 1494, 1495, 1496, 1498, 1499, 1500, 1502, 1503, 1504, 1505, 1915,
      1917, 1920, 3097, 4002, 4289, 5430, 2709, 4444, 4445, 4446, 4650, 6314}},
    {"RFC 5891 §5.4: the Bidi rule is a SHOULD at look-up that \"may be omitted\" where a name "
     "would "
     "not resolve; it is kept within each label, not between labels that different people "
     "registered",
     {110, 111, 112, 113, 114, 132, 133,  134,  135,  136,  439,  440,  441, 442,
      536, 537, 538, 539, 540, 541, 2694, 2695, 2696, 2697, 4632, 4633, 4634}},
    {"RFC 5321 §4.1.2: Ldh-str = *( ALPHA / DIGIT / \"-\" ) Let-dig: hyphens may stand anywhere",
     {403}}};

/// The text without the dot (of any script, UTS #46 §2.3) at its end.
std::string without_last_dot(std::string text) {
  for (std::string_view const dot : {".", "\u3002", "\uFF0E", "\uFF61"}) {
    if (!text.ends_with(dot)) continue;
    text.resize(text.size() - dot.size());
    break;
  }
  return text;
}

struct Vector {
  std::string source;
  std::string to_ascii;  // non-transitional
  bool error = false;
};

Vector parse_vector(std::string_view line) {
  auto const columns = ascii::split(line.substr(0, line.find('#')), ';');
  auto const column = [&](std::size_t i) {
    return std::string{i < columns.size() ? ascii::trim(columns[i]) : std::string_view{}};
  };
  Vector out;
  out.source = decode(column(0));
  std::string const unicode = column(1).empty() ? out.source : decode(column(1));
  std::string const unicode_status = column(2);
  out.to_ascii = column(3).empty() ? unicode : decode(column(3));
  std::string const status = column(4).empty() ? unicode_status : column(4);
  out.error = !status.empty() && status != "[]";
  return out;
}

TEST(IdnaSuite, unicode_vectors) {
  if (root().empty()) GTEST_SKIP() << "no suites: set PB_SUITES";
  std::string const text = read_file(
      root() / "eai/idna-test-vectors/tools/internal/domain/testdata/idna_test_vectors.txt");
  std::map<std::string, std::string> named;
  for (Excuse const& excuse : excuses) {
    for (int const line : excuse.lines) named["line " + std::to_string(line)] = excuse.text;
  }
  Count count{"eai/idna-test-vectors", named};
  std::size_t number = 0;
  for (std::string_view line : ascii::split(text, '\n')) {
    ++number;
    if (ascii::trim(line.substr(0, line.find('#'))).empty()) continue;
    Vector const vector = parse_vector(line);
    auto const domain = mail::parse_domain(vector.source, mail::Utf8::allow);
    if (std::ranges::find(excuses.front().lines, static_cast<int>(number)) !=
        excuses.front().lines.end()) {
      // Excused for the dot alone: without it we must say what the suite says.
      auto const rest = mail::parse_domain(without_last_dot(vector.source), mail::Utf8::allow);
      EXPECT_TRUE(rest && rest->key() + "." == vector.to_ascii) << "line " << number;
    }
    // A-labels that come as such are opaque in paths; what is shown of them is judged.
    bool const taken = domain && (!utf8::is_ascii(vector.source) || mail::to_unicode(*domain));
    bool const right = vector.error ? !taken : domain && domain->key() == vector.to_ascii;
    count.record("line " + std::to_string(number), right,
                 std::string{line} + " -- we " + (domain ? "say " + domain->key() : "refuse it"));
  }
  EXPECT_TRUE(count.finish());
}
}  // namespace
}  // namespace pb::suites
