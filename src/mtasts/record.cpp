// record.cpp: see record.hpp.                                  Spec: RFC 8461 §3.1, §3.2, §4.1.
#include "mtasts/record.hpp"

#include <algorithm>
#include <optional>

#include "base/ascii.hpp"
#include "base/policy_record.hpp"
#include "base/utf8.hpp"
#include "dns/name.hpp"

namespace pb::mtasts {
namespace {
constexpr std::size_t extensions_max = 32;
constexpr std::size_t mx_max = 256;

std::unexpected<Error> fail(char const* problem) { return std::unexpected{Error{problem}}; }

/// label *("." label) of letters, digits and hyphens, in A-label form.
bool is_host(std::string_view host) {
  if (!dns::valid_name(host)) return false;
  return std::ranges::all_of(ascii::split(host, '.'), [](std::string_view label) {
    return label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, [](char c) { return ascii::is_alnum(c) || c == '-'; });
  });
}

struct Line {
  std::string_view key;
  std::string_view value;
};

/// Reads the lines; "when a key stands twice, the first counts" is kept here, but for mx.
class PolicyParser {
 public:
  char const* take(Line const& line);
  std::expected<Policy, Error> finish();

 private:
  char const* take_mx(std::string_view value);
  char const* take_age(std::string_view value);
  char const* take_mode(std::string_view value);
  char const* take_extension(Line const& line);
  Policy policy_;
  bool version_ = false;
  bool mode_ = false;
  bool age_ = false;
};

char const* PolicyParser::take_mx(std::string_view value) {
  std::string_view const host = value.starts_with("*.") ? value.substr(2) : value;
  if (!is_host(host) || policy_.mx.size() == mx_max) return "mx is no host name";
  policy_.mx.push_back(ascii::to_lower(value));
  return nullptr;
}

char const* PolicyParser::take_mode(std::string_view value) {
  for (Mode const mode : {Mode::none, Mode::testing, Mode::enforce}) {
    if (value != text(mode)) continue;
    if (!mode_) policy_.mode = mode;
    mode_ = true;
    return nullptr;
  }
  return "mode is none of enforce, testing, none";
}

/// sts-policy-max-age-field-value = 1*10(DIGIT), at most 31557600 (a year).
char const* PolicyParser::take_age(std::string_view value) {
  bool const digits =
      !value.empty() && value.size() <= 10 && std::ranges::all_of(value, ascii::is_digit);
  std::uint64_t seconds = 0;
  for (char c : digits ? value : "") seconds = seconds * 10 + static_cast<unsigned>(c - '0');
  if (!digits || seconds > 31557600) return "max_age is no number of seconds up to a year";
  if (!age_) policy_.max_age = std::chrono::seconds{seconds};
  age_ = true;
  return nullptr;
}

char const* PolicyParser::take_extension(Line const& line) {
  bool const value =
      !line.value.empty() && utf8::valid(line.value) &&
      std::ranges::none_of(line.value, [](char c) { return ascii::is_control(c) && c != '\t'; });
  if (!is_policy_extension_name(line.key) || !value) return "a line is no \"key: value\"";
  if (policy_.extensions.size() < extensions_max) {
    policy_.extensions.push_back({std::string{line.key}, std::string{line.value}});
  }
  return nullptr;
}

char const* PolicyParser::take(Line const& line) {
  if (!version_) {
    version_ = line.key == "version" && line.value == "STSv1";
    return version_ ? nullptr : "the first line is not \"version: STSv1\"";
  }
  if (line.key == "version") return nullptr;
  if (line.key == "mode") return mode_ ? nullptr : take_mode(line.value);
  if (line.key == "max_age") return age_ ? nullptr : take_age(line.value);
  if (line.key == "mx") return take_mx(line.value);
  return take_extension(line);
}

std::expected<Policy, Error> PolicyParser::finish() {
  if (!version_) return fail("the first line is not \"version: STSv1\"");
  if (!mode_) return fail("mode is missing");
  if (!age_) return fail("max_age is missing");
  if (policy_.mx.empty() && policy_.mode != Mode::none) return fail("mx is missing");
  return std::move(policy_);
}
}  // namespace

std::string_view text(Mode mode) {
  switch (mode) {
    case Mode::none:
      return "none";
    case Mode::testing:
      return "testing";
    case Mode::enforce:
      return "enforce";
  }
  return {};
}

bool is_record(std::string_view text) { return is_policy_record(text, "v=STSv1"); }

/// sts-text-record = sts-version 1*(sts-field-delim sts-field) [sts-field-delim]
std::expected<Record, Error> parse_record(std::string_view text) {
  if (!is_record(text)) return fail("it does not begin with v=STSv1");
  auto const fields = policy_fields(text);
  if (!fields) return fail("a part is no \"name=value\"");
  Record out;
  for (PolicyField const& field : *fields) {
    if (field.name == "id") {
      bool const good = out.id.empty() && !field.value.empty() && field.value.size() <= 32 &&
                        std::ranges::all_of(field.value, ascii::is_alnum);
      if (!good) return fail("id must be 1 to 32 letters and digits, once");
      out.id = field.value;
      continue;
    }
    if (!is_policy_extension(field)) return fail("a part is no \"name=value\"");
    if (out.extensions.size() == extensions_max) return fail("it has too many parts");
    out.extensions.push_back({std::string{field.name}, std::string{field.value}});
  }
  if (out.id.empty()) return fail("id is missing");
  return out;
}

std::expected<Policy, Error> parse_policy(std::string_view text) {
  if (text.size() > policy_octets_max) return fail("it is larger than 64 KiB");
  PolicyParser parser;
  auto const lines = ascii::split(text, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string_view line = lines[i];
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() && i + 1 == lines.size()) break;
    std::size_t const colon = line.find(':');
    if (colon == std::string_view::npos) return fail("a line is no \"key: value\"");
    if (auto const* problem = parser.take(
            {ascii::trim(line.substr(0, colon)), ascii::trim(line.substr(colon + 1))})) {
      return fail(problem);
    }
  }
  return parser.finish();
}

bool matches(Policy const& policy, std::string_view mx_host) {
  std::string const host = dns::normal_name(mx_host);
  return std::ranges::any_of(policy.mx, [&](std::string const& pattern) {
    if (!pattern.starts_with("*.")) return pattern == host;
    std::size_t const dot = host.find('.');
    return dot != std::string::npos && dot > 0 &&
           std::string_view{host}.substr(dot) == std::string_view{pattern}.substr(1);
  });
}
}  // namespace pb::mtasts
