// verify_json.cpp: see verify_json.hpp.
// Spec: words of RFC 8601 §2.7. Peer text is made valid UTF-8 without controls.
// Not here: text for people (the commands).
#include "cli/verify_json.hpp"

#include "base/encoding.hpp"

namespace pb::cli {
namespace json = boost::json;

namespace {
json::string safe(std::string_view text) { return json::string{escape_for_display(text, 2000)}; }

json::object json_of(dmarc::Aligned const& aligned) {
  return {{"aligned", aligned.passed},
          {"domain", safe(aligned.domain)},
          {"unsigned_octets", aligned.unsigned_octets}};
}
}  // namespace

json::array strings_json(std::vector<std::string> const& texts) {
  json::array out;
  for (std::string const& text : texts) out.push_back(safe(text));
  return out;
}

json::object json_of(spf::Result const& result) {
  return {{"result", spf::text(result.word)},        {"domain", safe(result.domain)},
          {"mechanism", safe(result.mechanism)},     {"reason", safe(result.problem)},
          {"explanation", safe(result.explanation)}, {"lookups", result.lookups},
          {"void_lookups", result.void_lookups}};
}

json::object json_of(dkim::SignatureResult const& result) {
  return {{"result", dkim::text(result.word)},
          {"reason", dkim::problem_text(result.problem)},
          {"domain", safe(result.domain)},
          {"selector", safe(result.selector)},
          {"identity", safe(result.identity)},
          {"algorithm", result.algorithm},
          {"key_bits", result.key_bits},
          {"testing", result.testing},
          {"unsigned_octets", result.unsigned_octets},
          {"b", safe(result.b_prefix)}};
}

json::object json_of(arc::Result const& result) {
  json::array sealers;
  for (arc::SealedBy const& sealer : result.sealers) {
    sealers.push_back({{"instance", sealer.instance},
                       {"domain", safe(sealer.domain)},
                       {"selector", safe(sealer.selector)}});
  }
  return {{"result", arc::text(result.word)},
          {"reason", safe(result.problem)},
          {"temporary", result.temporary},
          {"sealers", std::move(sealers)},
          {"newest_results", safe(result.newest_results)}};
}

json::object json_of(dmarc::Result const& result) {
  json::object out{{"result", dmarc::text(result.word)},
                   {"reason", safe(result.problem)},
                   {"author_domain", safe(result.author_domain)},
                   {"organizational_domain", safe(result.organizational_domain)},
                   {"record_domain", safe(result.record_domain)}};
  if (!result.record_domain.empty()) {
    out["record"] = safe(result.record.published);
    out["policy"] = dmarc::text(result.policy);
    out["published_policy"] = dmarc::text(result.published);
    out["nonexistent"] = result.nonexistent;
    out["dkim"] = json_of(result.dkim);
    out["spf"] = json_of(result.spf);
    out["remarks"] = strings_json(result.record.remarks);
  }
  return out;
}
}  // namespace pb::cli
