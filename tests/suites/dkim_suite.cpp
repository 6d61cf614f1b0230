// dkim_suite.cpp: OpenDKIM's sessions, canonicalization vectors, dkimpy's and go-msgauth's
// messages. Spec: RFC 6376, RFC 8301, RFC 8463.                  Not here: our own vectors
// (src/dkim).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/ascii.hpp"
#include "dkim/sign.hpp"
#include "dkim/verify.hpp"
#include "dns/name.hpp"
#include "dns/world.hpp"
#include "mail/message_text.hpp"
#include "suite.hpp"

namespace pb::suites {
namespace {
namespace json = boost::json;
using dkim::Problem;
using dkim::Word;

/// "name record" lines.
dns::World world_of(std::string const& keys) {
  dns::World world;
  for (std::string_view line : ascii::split(keys, '\n')) {
    auto const space = line.find(' ');
    if (space == std::string_view::npos) continue;
    world.add(line.substr(0, space), dns::Type::txt,
              dns::Txt{std::string{ascii::trim(line.substr(space))}});
  }
  return world;
}

Instant at(std::int64_t seconds) { return Instant{std::chrono::seconds{seconds}}; }

std::vector<dkim::SignatureResult> verify(std::string const& message, dns::World const& world,
                                          Instant now, dkim::VerifyOptions const& options) {
  std::string const text = mail::with_crlf(message);
  auto const parts = mail::split_message(text);
  auto const header = mail::HeaderSection::parse(parts.header);
  EXPECT_TRUE(header);
  dkim::Verifier verifier{*header, options};
  verifier.body(parts.body);
  verifier.end_of_body();
  dkim::KeyCache keys;
  dns::Facts facts;
  auto outcome = dns::replay(
      world, facts, [&](dns::Facts const& known) { return verifier.results(known, now, keys); });
  return std::get<std::vector<dkim::SignatureResult>>(std::move(outcome));
}

std::string describe(std::vector<dkim::SignatureResult> const& results) {
  std::string out;
  for (auto const& result : results) {
    out += fmt::format("{} {} ({}); ", dkim::text(result.word), result.algorithm,
                       dkim::problem_text(result.problem));
  }
  return out.empty() ? "no signature" : out;
}

bool any(std::vector<dkim::SignatureResult> const& results, Problem problem) {
  return std::ranges::any_of(results,
                             [&](auto const& result) { return result.problem == problem; });
}

/// OpenDKIM passes rsa-sha1, which RFC 8301 forbids: right is that it verifies and does not pass.
bool verified(dkim::SignatureResult const& result) {
  bool const historic = result.algorithm == "rsa-sha1";
  return historic ? result.word == Word::policy && result.problem == Problem::algorithm_historic
                  : result.word == Word::pass;
}
bool any_verified(std::vector<dkim::SignatureResult> const& results) {
  return std::ranges::any_of(results, verified);
}

/// What OpenDKIM calls a problem and what we may call it.
std::map<std::string, std::vector<Problem>> const opendkim_errors{
    {"OK", {Problem::algorithm_historic, Problem::none}},
    {"BADSIG", {Problem::body_changed, Problem::signature_wrong}},
    {"MBSFAILED", {Problem::field_unsigned}},
    {"EXPIRED", {Problem::expired}},
    {"FUTURE", {Problem::future}},
    {"INVALID_HC", {Problem::canonicalization}},
    {"INVALID_BC", {Problem::canonicalization}},
    {"VERSION", {Problem::version}},
    {"DOMAIN", {Problem::identity}},
    {"INVALID_L", {Problem::length}},
    {"INVALID_Q", {Problem::query_method}},
    {"INVALID_QO", {Problem::query_method}},
    {"KEYVERSION", {Problem::key_syntax}},
    {"KEYHASHMISMATCH", {Problem::key_hash}},
    {"KEYUNKNOWNHASH", {Problem::key_hash}},
    {"KEYREVOKED", {Problem::key_revoked}},
    {"MISSING_S", {Problem::tag_missing}},
    {"MISSING_V", {Problem::tag_missing}},
    {"MISSING_BH", {Problem::tag_missing}},
    {"EMPTY_H", {Problem::fields_empty}},
    {"INVALID_H", {Problem::from_unsigned}},
    {"TOOLARGE_L", {Problem::length_exceeds_body}},
};

/// "dkim_sig_geterror(sigs[2]) == DKIM_SIGERROR_X". Others are about OpenDKIM's own interface.
bool assertion_holds(std::string const& assertion,
                     std::vector<dkim::SignatureResult> const& results) {
  constexpr std::string_view prefix = "dkim_sig_geterror(sig";
  constexpr std::string_view mark = "DKIM_SIGERROR_";
  auto const name_at = assertion.find(mark);
  if (!assertion.starts_with(prefix) || name_at == std::string::npos) return true;
  auto const error = opendkim_errors.find(assertion.substr(name_at + mark.size()));
  if (error == opendkim_errors.end()) return false;
  auto const bracket = assertion.find('[');
  std::size_t const index =
      bracket == std::string::npos ? 0 : static_cast<std::size_t>(assertion[bracket + 1] - '0');
  auto const holds = [&](std::vector<dkim::SignatureResult> const& list) {
    return index < list.size() &&
           std::ranges::find(error->second, list[index].problem) != error->second.end();
  };
  // Fields that it cannot parse are not all in its list.
  std::vector<dkim::SignatureResult> readable;
  std::ranges::copy_if(results, std::back_inserter(readable), [](auto const& result) {
    return result.problem != Problem::tag_missing && result.problem != Problem::syntax;
  });
  return holds(results) || holds(readable);
}

/// The state at the end of the message that OpenDKIM reports.
bool outcome_fits(std::string const& status, std::vector<dkim::SignatureResult> const& results) {
  if (status == "DKIM_STAT_OK") return any_verified(results);
  if (any_verified(results)) return false;
  if (status == "DKIM_STAT_BADSIG") {
    return any(results, Problem::signature_wrong) || any(results, Problem::body_changed);
  }
  if (status == "DKIM_STAT_NOKEY") return any(results, Problem::key_absent);
  if (status == "DKIM_STAT_REVOKED") return any(results, Problem::key_revoked);
  return true;
}

std::string string_at(json::value const& item, char const* key) {
  auto const& value = item.at(key);
  return value.is_string() ? std::string{value.as_string()} : std::string{};
}

void run_verify(Count& count, dns::World const& world, json::value const& item) {
  std::string const file = string_at(item, "file");
  dkim::VerifyOptions options;
  options.check_historic = true;
  options.signatures_max = 30;
  if (string_at(item, "title").contains("must be signed")) options.must_be_signed = {"Cc"};
  std::string const message = read_file(root() / "dkim/opendkim" / file);
  // Ten minutes behind the t= of the messages.
  auto const results = verify(message, world, at(1172620939 + 600), options);
  std::string const end = string_at(item, "eom");
  bool passed = true;
  if (!end.empty()) {
    passed = outcome_fits(end, results);
  } else if (string_at(item, "eoh") == "DKIM_STAT_OK") {
    // The session ends behind the header: a signature must have been read.
    passed =
        std::ranges::any_of(results, [](auto const& result) { return !result.algorithm.empty(); });
  } else {
    passed = !any_verified(results);
  }
  for (json::value const& assertion : item.at("asserts").as_array()) {
    passed = passed && assertion_holds(std::string{assertion.as_string()}, results);
  }
  count.record(
      file, passed,
      fmt::format("{}: end {}; we say {}", string_at(item, "title"), end, describe(results)));
  // Whatever the case says: rsa-sha1 never passes (RFC 8301 §3.1).
  for (auto const& result : verify(message, world, at(1172620939 + 600), {})) {
    EXPECT_FALSE(result.algorithm == "rsa-sha1" && result.word == Word::pass) << file;
  }
}

/// Signs `message` as the case says, with rsa-sha256 always, and verifies the outcome.
std::string sign_problem(dns::World const& world, json::value const& item,
                         std::string const& message, dkim::PrivateKey const& key) {
  auto const relaxed = [&](char const* field) {
    return string_at(item, field).ends_with("RELAXED") ? dkim::Canonicalization::relaxed
                                                       : dkim::Canonicalization::simple;
  };
  dkim::SignOptions options;
  options.header = relaxed("hcanon");
  options.body = relaxed("bcanon");
  options.now = at(1172620939);
  std::optional<dkim::Signature> theirs;
  for (json::value const& expected : item.at("expected_signature").as_array()) {
    auto parsed = dkim::parse_signature(std::string{expected.as_string()});
    if (!parsed) return "their signature is malformed";
    theirs = *parsed;
    options.fields = theirs->fields;
    options.length = theirs->length;
    if (!theirs->identity.starts_with("@" + theirs->domain)) options.identity = theirs->identity;
  }
  if (string_at(item, "title").contains("invalid i=")) options.identity = "@elsewhere.example";
  auto const parts = mail::split_message(message);
  auto const header = mail::HeaderSection::parse(parts.header);
  std::vector<dkim::SigningKey> const keys{
      {string_at(item, "domain"), string_at(item, "selector"), key}};
  auto signer = dkim::Signer::make(*header, keys, options);
  if (!signer) return std::string{dkim::text(signer.error())};
  signer->body(parts.body);
  auto const field = signer->finish();
  if (!field) return std::string{dkim::text(field.error())};
  auto const results = verify(*field + message, world, at(1172620939 + 600), {});
  if (results.empty() || results.front().word != Word::pass) {
    return "our own signature does not pass: " + describe(results);
  }
  auto const ours = dkim::parse_signature(std::string_view{*field}.substr(15));
  bool const comparable = theirs && theirs->hash == dkim::Hash::sha256;
  if (comparable && ours->body_hash != theirs->body_hash) return "another body hash than theirs";
  return {};
}

/// What OpenDKIM's option FIXCRLF does before it signs: bare CR and bare LF become CRLF.
std::string with_line_ends_fixed(std::string const& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    bool const end = text[i] == '\r' || text[i] == '\n';
    out += end ? std::string{"\r\n"} : std::string(1, text[i]);
  }
  return out;
}

void run_sign(Count& count, dns::World const& world, json::value const& item) {
  auto const folder = root() / "dkim/opendkim";
  std::string const file = string_at(item, "file");
  std::string const title = string_at(item, "title");
  std::string problem;
  if (item.as_object().contains("signed")) {
    dkim::VerifyOptions options;
    options.check_historic = true;
    std::string signed_text = read_file(folder / string_at(item, "signed"));
    if (title.contains("CRLF fixing")) signed_text = with_line_ends_fixed(signed_text);
    auto const results = verify(signed_text, world, at(1172620939), options);
    if (!any_verified(results)) problem = "their signature does not verify: " + describe(results);
  }
  bool const small = title.contains("small key");
  auto const key =
      dkim::PrivateKey::from_pem(read_file(folder / (small ? "private-small.pem" : "private.pem")));
  ASSERT_TRUE(key);
  std::string ours;
  std::string message = mail::with_crlf(read_file(folder / file));
  if (title.contains("CRLF fixing")) message = with_line_ends_fixed(message);
  if (title.contains("invalid key")) {
    ours = dkim::PrivateKey::from_pem("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n") ? "" : "no key";
  } else {
    ours = sign_problem(world, item, message, *key);
  }
  // Sessions that end in an error, or whose message has no From or two, must be refused by us too.
  std::string const end = string_at(item, "eom");
  auto const header = mail::HeaderSection::parse(mail::split_message(message).header);
  // Its INVALID of re-signing and dual signing is about the order of calls of its interface.
  bool const about_calls = title.contains("re-signing") || title.contains("dual signing");
  bool const refused = (!end.empty() && end != "DKIM_STAT_OK" && !about_calls) ||
                       header->count("From") != 1 || title.contains("invalid key");
  bool const passed = problem.empty() && ours.empty() != refused;
  count.record(file, passed, fmt::format("{}: {} / ours: {}", title, problem, ours));
}

/// Bodies and headers given as pieces with what they become.
void run_canonicalization(Count& count) {
  int number = 0;
  for (json::value const& item :
       json::parse(read_file(root() / "dkim/canonicalization/vectors.json")).as_array()) {
    std::string const name = fmt::format("canonicalization #{}", ++number);
    auto const check = [&](dkim::Canonicalization how, bool header,
                           std::vector<std::string> const& chunks, std::string const& expect) {
      if (header) {
        std::string const seen = dkim::canonical_field(how, chunks.front());
        return seen == expect;
      }
      dkim::BodyHash hash{how, dkim::Hash::sha256, std::nullopt};
      for (std::string const& chunk : chunks) hash.update(chunk);
      hash.finish();
      return hash.digest() == dkim::digest(dkim::Hash::sha256, expect);
    };
    using enum dkim::Canonicalization;
    bool passed = true;
    if (item.as_object().contains("chunks")) {
      std::vector<std::string> chunks;
      char before = 0;
      for (json::value const& chunk : item.at("chunks").as_array()) {
        // Bare LFs become CRLF on the way in, as the intake does it.
        std::string out;
        for (char c : chunk.as_string()) {
          if (c == '\n' && before != '\r') out.push_back('\r');
          out.push_back(c);
          before = c;
        }
        chunks.push_back(out);
      }
      bool const is_relaxed = string_at(item, "canon") == "relaxed";
      passed = check(is_relaxed ? relaxed : simple, string_at(item, "what") == "header", chunks,
                     string_at(item, "expect"));
    } else {
      std::string const message = string_at(item, "message");
      auto const end = message.find("\r\n\r\n");
      std::string const body = message.substr(end + 4);
      std::string header_relaxed;
      std::string header_simple;
      std::string field;
      for (std::string_view rest = std::string_view{message}.substr(0, end + 2); !rest.empty();) {
        auto const line = rest.substr(0, rest.find("\r\n") + 2);
        rest.remove_prefix(line.size());
        field += line;
        bool const folded = !rest.empty() && ascii::is_wsp(rest.front()) && !rest.contains(':');
        if (folded) continue;
        header_relaxed += dkim::canonical_field(relaxed, field);
        header_simple += dkim::canonical_field(simple, field);
        field.clear();
      }
      passed = header_relaxed == string_at(item, "relaxed_headers") &&
               header_simple == string_at(item, "simple_headers") &&
               check(relaxed, false, {body}, string_at(item, "relaxed_body")) &&
               check(simple, false, {body}, string_at(item, "simple_body"));
    }
    count.record(name, passed, json::serialize(item));
  }
}

void run_go_msgauth(Count& count) {
  auto const folder = root() / "dkim/go-msgauth";
  dns::World const world = world_of(read_file(folder / "keys.txt"));
  struct Case {
    char const* file;
    std::vector<Word> words;  // of the signatures that the case looks at
  };
  dkim::VerifyOptions options;
  options.signatures_max = 2;
  for (Case const& item :
       {Case{"verifiedMailString", {Word::pass}}, Case{"verifiedEd25519MailString", {Word::pass}},
        Case{"verifiedRawRSAMailString", {Word::pass}}, Case{"unsignedMailString", {}},
        Case{"tooManySignaturesMailString", {Word::pass, Word::pass, Word::neutral}}}) {
    auto const results = verify(read_file(folder / fmt::format("{}.eml", item.file)), world,
                                at(1700000000), options);
    bool passed = results.size() >= item.words.size() && results.empty() == item.words.empty();
    for (std::size_t i = 0; passed && i < item.words.size(); ++i) {
      passed = results[i].word == item.words[i];
    }
    count.record(item.file, passed, describe(results));
  }
}

void run_dkimpy(Count& count) {
  auto const folder = root() / "dkim/dkimpy/tests/data";
  auto const text = [&](char const* file) { return read_file(folder / file); };
  struct KeyCase {
    char const* file;
    bool good;
  };
  for (KeyCase const& item :
       {KeyCase{"test.txt", true}, KeyCase{"test2.txt", true}, KeyCase{"test_bad.txt", false},
        KeyCase{"badk.txt", false}, KeyCase{"badversion.txt", false},
        KeyCase{"test_tlsrpt.txt", false}, KeyCase{"1024_testkey_wo_markers.pub.txt", true},
        KeyCase{"1024_testkey_wo_markers.pub.rsa.txt", true},
        KeyCase{"2048_testkey_wo_markers.pub.txt", true},
        KeyCase{"2048_testkey_wo_markers.pub.rsa.txt", true},
        KeyCase{"2048_testkey_PKCS8.key.pub.txt", true}, KeyCase{"ed25519test.dns", true},
        KeyCase{"eximtest.dns", true}}) {
    auto const record = dkim::parse_key_record(ascii::trim(text(item.file)));
    bool const good = record && record->for_email &&
                      dkim::PublicKey::from_octets(record->type, record->key).has_value();
    count.record(item.file, good == item.good, good ? "usable" : "not usable");
  }
  dns::World world;
  world.add("test._domainkey.football.example.com", dns::Type::txt,
            dns::Txt{std::string{ascii::trim(text("test.txt"))}});
  world.add("brisbane._domainkey.football.example.com", dns::Type::txt,
            dns::Txt{"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="});
  world.add("sed._domainkey.test.ex", dns::Type::txt,
            dns::Txt{std::string{ascii::trim(text("eximtest.dns"))}});
  for (char const* file : {"rfc6376.signed.msg", "rfc6376.signed.rsa.msg", "ed25519test2.msg"}) {
    auto const results = verify(text(file), world, at(1700000000), {});
    count.record(file, !results.empty() && std::ranges::all_of(results, verified),
                 describe(results));
  }
  auto const key = dkim::PrivateKey::from_pem(text("test.private"));
  ASSERT_TRUE(key);
  for (char const* file : {"test.message", "rfc6376.msg", "rfc6376.w1258.msg", "test_extra.message",
                           "ed25519test.msg", "test_nofrom.message"}) {
    std::string const message = mail::with_crlf(text(file));
    auto const parts = mail::split_message(message);
    auto const header = mail::HeaderSection::parse(parts.header);
    dkim::SignOptions options;
    options.now = at(1700000000);
    auto signer = dkim::Signer::make(*header, {{"football.example.com", "test", *key}}, options);
    bool passed = !signer && signer.error() == dkim::SignError::no_from;
    std::string detail = "refused";
    if (signer) {
      signer->body(parts.body);
      auto const results = verify(*signer->finish() + message, world, at(1700000001), {});
      passed = !results.empty() && results.front().word == Word::pass;
      detail = describe(results);
    }
    bool const no_from = std::string_view{file}.contains("nofrom");
    count.record(file, passed && no_from == !signer.has_value(), detail);
  }
}

std::map<std::string, std::string> const excuses{
    {"verify/test149-1.eml",
     "it wants a body without a last CRLF to be a syntax error; RFC 6376 3.4.3: \"If there is no "
     "body or no trailing CRLF on the message body, a CRLF is added\""},
};

TEST(DkimSuite, every_case_passes_or_is_excused_by_the_rfc) {
  if (root().empty()) GTEST_SKIP() << "the folder of suites is absent";
  Count count{"dkim", excuses};
  auto const folder = root() / "dkim/opendkim";
  dns::World const world = world_of(read_file(folder / "keys.txt"));
  // Signing sessions never ask the key; without t=s an i= below d= is allowed.
  std::string signing_keys = read_file(folder / "keys.txt");
  if (auto const flag = signing_keys.find("t=y:s;"); flag != std::string::npos) {
    signing_keys.replace(flag, 6, "t=y;");
  }
  dns::World const signing_world = world_of(signing_keys);
  for (json::value const& item : json::parse(read_file(folder / "index.json")).as_array()) {
    string_at(item, "kind") == "verify" ? run_verify(count, world, item)
                                        : run_sign(count, signing_world, item);
  }
  run_canonicalization(count);
  run_go_msgauth(count);
  run_dkimpy(count);
  EXPECT_TRUE(count.finish());
}
}  // namespace
}  // namespace pb::suites
