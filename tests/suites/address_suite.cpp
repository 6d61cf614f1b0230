// address_suite.cpp: isemail, haraka's paths and mox's addresses, as envelope forms.
// Spec: RFC 5321 §4.1.2, §4.1.3; RFC 6531 §3.3.          Not here: header forms (CFWS, obsolete).
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/utf8.hpp"
#include "mail/address.hpp"
#include "suite.hpp"

namespace pb::suites {
namespace {
constexpr auto no_limit =
    "RFC 5321 §4.5.3.1: \"To the maximum extent possible, implementation techniques that impose no "
    "limits on the length of these objects should be used\"";

/// The text between <name> and </name>; empty: none.
std::string_view element(std::string_view xml, std::string_view name) {
  std::string const open = "<" + std::string{name} + ">";
  auto const begin = xml.find(open);
  auto const end = xml.find("</" + std::string{name} + ">");
  if (begin == std::string_view::npos || end == std::string_view::npos) return {};
  return xml.substr(begin + open.size(), end - begin - open.size());
}

/// Entities undone; U+2400.. stand for control characters (the suite's own convention).
std::string decode(std::string_view xml) {
  std::string out;
  while (!xml.empty()) {
    auto const end = xml.find(';');
    if (xml[0] != '&' || end == std::string_view::npos) {
      out += xml[0];
      xml.remove_prefix(1);
      continue;
    }
    std::string const name{xml.substr(1, end - 1)};
    if (name == "amp") out += '&';
    if (name == "lt") out += '<';
    if (name == "gt") out += '>';
    if (name == "quot") out += '"';
    if (name.starts_with("#")) {
      bool const hex = name.starts_with("#x");
      auto const code =
          static_cast<char32_t>(std::stoul(name.substr(hex ? 2 : 1), nullptr, hex ? 16 : 10));
      utf8::append(out, code >= 0x2400 && code < 0x2420 ? code - 0x2400 : code);
    }
    xml.remove_prefix(end + 1);
  }
  return out;
}

void run_isemail(Count& count, std::string const& file) {
  std::string const xml = read_file(root() / "address/isemail/test" / file);
  std::string_view rest{xml};
  for (auto at = rest.find("<test id=\""); at != std::string_view::npos;
       at = rest.find("<test id=\"")) {
    rest.remove_prefix(at + 10);
    std::string const name = file + " " + std::string{rest.substr(0, rest.find('"'))};
    auto const test = rest.substr(0, rest.find("</test>"));
    std::string const address = decode(element(test, "address"));
    auto const category = element(test, "category");
    bool const wanted = category == "ISEMAIL_VALID_CATEGORY" || category == "ISEMAIL_DNSWARN" ||
                        category == "ISEMAIL_RFC5321";
    bool const accepted = mail::parse_mailbox(address, mail::Utf8::refuse).has_value();
    count.record(name, accepted == wanted,
                 address + " is " + std::string{element(test, "diagnosis")} + ", we " +
                     (accepted ? "take it" : "refuse it"));
  }
}

TEST(AddressSuite, isemail) {
  if (root().empty()) GTEST_SKIP() << "no suites: set PB_SUITES";
  Count count{
      "address/isemail",
      {{"tests.xml 26", no_limit},
       {"tests.xml 39", no_limit},
       {"tests.xml 71",
        "RFC 4291 §2.2: \"::\" stands for one or more groups; the suite's other file takes it"},
       {"tests.xml 59", no_limit},
       {"tests.xml 60", no_limit},
       {"tests-original.xml 21", no_limit},
       {"tests-original.xml 23", no_limit}}};
  run_isemail(count, "tests.xml");
  run_isemail(count, "tests-original.xml");
  EXPECT_TRUE(count.finish());
}

/// The mailbox of a reverse-path or a forward-path with nothing behind it, "" @ "" for the null
/// one; nullopt: it is no path. Without "<" and ">" it is no Path but a Mailbox (RFC 5321 §4.1.2).
std::optional<mail::Mailbox> read_path(std::string_view text) {
  if (!text.starts_with('<')) {
    auto const mailbox = mail::parse_mailbox(text, mail::Utf8::allow);
    return mailbox ? std::optional{*mailbox} : std::nullopt;
  }
  std::string_view rest = text;
  auto const reverse = mail::take_reverse_path(rest, mail::Utf8::allow);
  if (reverse && rest.empty()) return reverse->mailbox.value_or(mail::Mailbox{});
  rest = text;
  auto const forward = mail::take_forward_path(rest, mail::Utf8::allow);
  if (forward && rest.empty()) return *forward;
  return std::nullopt;
}

TEST(AddressSuite, haraka_paths) {
  if (root().empty()) GTEST_SKIP() << "no suites: set PB_SUITES";
  // They stand in the list of bad ones, though the source's tests of isNull() and format() take
  // each of them; "<>" stands in both lists.
  constexpr auto path =
      "RFC 5321 §4.1.2, RFC 6531 §3.3: Reverse-path = Path / \"<>\"; Path = \"<\" "
      "[ A-d-l \":\" ] Mailbox \">\"";
  constexpr std::size_t contradicted_percent = 25;
  Count count{"address/haraka-rfc2821",
              {{"bad 4 <>", path},
               {"bad 5 <matt@example.com>", path},
               {"bad 6 <matt@example.com>", path},
               {"bad 7 <matt@exAMple.com>", path},
               {"bad 8 <přílišžluťoučkýkůň@přílišžluťoučkýkůň.cz>", path},
               {"bad 9 <\"pří lišžlu ťoučkýkůň\"@přílišžluťoučkýkůň.cz>", path}},
              contradicted_percent};
  auto const vectors =
      boost::json::parse(read_file(root() / "address/haraka-rfc2821/vectors.json")).as_object();
  for (auto const& vector : vectors.at("good").as_array()) {
    std::string const text{vector.at("path").as_string()};
    auto const mailbox = read_path(text);
    std::string user{vector.at("user").as_string()};  // quotes and all, where we keep the value
    if (user.starts_with('"')) user = user.substr(1, user.size() - 2);
    bool const fine = mailbox && mailbox->local_part == user &&
                      mailbox->domain.key() == vector.at("host").as_string();
    count.record("good " + text, fine, mailbox ? "read as " + mailbox->text() : "refused");
  }
  std::size_t number = 0;
  for (auto const& vector : vectors.at("bad").as_array()) {
    std::string const text{vector.as_string()};
    count.record("bad " + std::to_string(number++) + " " + text, !read_path(text), "taken");
  }
  EXPECT_TRUE(count.finish());
}

TEST(AddressSuite, mox_addresses) {
  if (root().empty()) GTEST_SKIP() << "no suites: set PB_SUITES";
  Count count{"mixed/mox smtp/address_test.go", {}};
  auto const vectors = boost::json::parse(read_file(root() / "mixed/mox/parser-vectors.json"));
  for (auto const& vector : vectors.as_array()) {
    if (vector.at("file").as_string() != "smtp/address_test.go") continue;
    std::string text{vector.at("input").as_string()};
    if (vector.at("test").as_string() == "TestParseLocalpart") text += "@example.com";
    bool const wanted = vector.at("call").as_string() == "good";
    count.record("line " + std::to_string(vector.at("line").as_int64()),
                 mail::parse_mailbox(text, mail::Utf8::refuse).has_value() == wanted, text);
  }
  EXPECT_TRUE(count.finish());
}
}  // namespace
}  // namespace pb::suites
