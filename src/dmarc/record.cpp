// record.cpp: see record.hpp.                                 Spec: RFC 9989 §4.7, §4.8, §4.10.1.
#include "dmarc/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/encoding.hpp"

namespace pb::dmarc {
namespace {
constexpr std::size_t tags_max = 64;
constexpr std::size_t uris_max = 32;
constexpr std::size_t remarks_max = 16;

struct Part {
  std::string_view name;
  std::string_view value;
};

/// tag-spec = name *WSP "=" *WSP value; nullopt without '=' or name.
std::optional<Part> split_tag(std::string_view part) {
  std::size_t const equals = part.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  Part out{ascii::trim(part.substr(0, equals)), ascii::trim(part.substr(equals + 1))};
  if (out.name.empty()) return std::nullopt;
  return out;
}

std::optional<Policy> policy_of(std::string_view text) {
  for (Policy const policy : {Policy::none, Policy::quarantine, Policy::reject}) {
    if (ascii::iequals(text, dmarc::text(policy))) return policy;
  }
  return std::nullopt;
}

std::optional<unsigned> number_of(std::string_view text, std::size_t digits_max) {
  if (text.empty() || text.size() > digits_max || !std::ranges::all_of(text, ascii::is_digit)) {
    return std::nullopt;
  }
  unsigned value = 0;
  for (char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
  return value;
}

/// scheme ":" something visible (RFC 3986); "!10m" of RFC 7489 may follow.
bool is_uri(std::string_view text) {
  std::size_t const colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  return ascii::is_alpha(text.front()) && std::ranges::all_of(text, ascii::is_vchar);
}

class Parser {
 public:
  std::expected<Record, RecordError> parse(std::string_view text);

 private:
  void remark(std::string text) {
    if (record_.remarks.size() < remarks_max) record_.remarks.push_back(std::move(text));
  }
  void take(Part const& part);
  void take_policy(Part const& part, std::optional<Policy>& slot);
  void take_alignment(Part const& part, Alignment& slot);
  void take_uris(Part const& part, std::vector<std::string>& slot);
  void take_psd(Part const& part);
  void take_historic(Part const& part, std::optional<unsigned>& slot, std::size_t digits_max);

  Record record_;
  std::optional<Policy> policy_;
  bool bad_policy_ = false;
};

void Parser::take_policy(Part const& part, std::optional<Policy>& slot) {
  slot = policy_of(part.value);
  if (slot) return;
  bad_policy_ = true;
  remark(fmt::format("{}={} is no policy (none, quarantine, reject)", part.name,
                     escape_for_display(part.value, 40)));
}

void Parser::take_alignment(Part const& part, Alignment& slot) {
  bool const strict = ascii::iequals(part.value, "s");
  if (!strict && !ascii::iequals(part.value, "r")) {
    remark(fmt::format("{} is neither r nor s: r is taken", part.name));
  }
  slot = strict ? Alignment::strict : Alignment::relaxed;
}

/// dmarc-urilist = dmarc-uri *( *WSP "," *WSP dmarc-uri )
void Parser::take_uris(Part const& part, std::vector<std::string>& slot) {
  for (std::string_view uri : ascii::split(part.value, ',')) {
    uri = ascii::trim(uri);
    if (!is_uri(uri) || slot.size() == uris_max) {
      remark(fmt::format("{}: \"{}\" is no URI", part.name, escape_for_display(uri, 60)));
    } else {
      slot.emplace_back(uri);
    }
  }
}

void Parser::take_psd(Part const& part) {
  if (ascii::iequals(part.value, "y")) {
    record_.psd = Psd::yes;
  } else if (ascii::iequals(part.value, "n")) {
    record_.psd = Psd::no;
  } else if (!ascii::iequals(part.value, "u")) {
    remark("psd is none of y, n, u: u is taken");
  }
}

void Parser::take_historic(Part const& part, std::optional<unsigned>& slot,
                           std::size_t digits_max) {
  slot = number_of(part.value, digits_max);
  remark(fmt::format("{} is historic (RFC 9989 A.6) and has no effect", part.name));
}

void Parser::take(Part const& part) {
  if (ascii::iequals(part.name, "p")) return take_policy(part, policy_);
  if (ascii::iequals(part.name, "sp")) return take_policy(part, record_.subdomain);
  if (ascii::iequals(part.name, "np")) return take_policy(part, record_.nonexistent);
  if (ascii::iequals(part.name, "adkim")) return take_alignment(part, record_.dkim);
  if (ascii::iequals(part.name, "aspf")) return take_alignment(part, record_.spf);
  if (ascii::iequals(part.name, "rua")) return take_uris(part, record_.aggregate);
  if (ascii::iequals(part.name, "ruf")) return take_uris(part, record_.failure);
  if (ascii::iequals(part.name, "psd")) return take_psd(part);
  if (ascii::iequals(part.name, "pct")) return take_historic(part, record_.historic_percent, 3);
  if (ascii::iequals(part.name, "ri")) return take_historic(part, record_.historic_interval, 9);
  if (ascii::iequals(part.name, "t")) {
    record_.testing = ascii::iequals(part.value, "y");
  } else if (ascii::iequals(part.name, "fo")) {
    record_.failure_options = part.value;
  } else if (ascii::iequals(part.name, "rf")) {
    remark("rf is historic (RFC 9989 A.6) and has no effect");
  } else {
    remark(fmt::format("unknown tag \"{}\"", escape_for_display(part.name, 40)));
  }
}

std::expected<Record, RecordError> Parser::parse(std::string_view text) {
  if (!is_record(text)) return std::unexpected{RecordError::no_version};
  record_.published = text;
  auto const parts = ascii::split(text, ';');
  std::vector<std::string_view> seen;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (ascii::trim(parts[i]).empty()) continue;
    auto const part = split_tag(parts[i]);
    if (!part || seen.size() == tags_max) {
      remark(fmt::format("\"{}\" is no tag", escape_for_display(ascii::trim(parts[i]), 40)));
      continue;
    }
    bool const again = std::ranges::any_of(
        seen, [&](std::string_view name) { return ascii::iequals(name, part->name); });
    if (again) {
      remark(
          fmt::format("{} stands twice: the first is taken", escape_for_display(part->name, 40)));
      continue;
    }
    seen.push_back(part->name);
    take(*part);
  }
  if (!policy_ || bad_policy_) {
    if (record_.aggregate.empty()) return std::unexpected{RecordError::no_policy};
    record_.subdomain.reset();
    record_.nonexistent.reset();
    remark("without a valid policy, but with a report address, p=none is taken");
    policy_ = Policy::none;
  }
  record_.policy = *policy_;
  return std::move(record_);
}
}  // namespace

std::string_view text(Policy policy) {
  switch (policy) {
    case Policy::none:
      return "none";
    case Policy::quarantine:
      return "quarantine";
    case Policy::reject:
      return "reject";
  }
  return {};
}

/// dmarc-version = "v" *WSP "=" *WSP %s"DMARC1"
bool is_record(std::string_view text) {
  auto const first = split_tag(text.substr(0, text.find(';')));
  return first && ascii::iequals(first->name, "v") && first->value == "DMARC1";
}

std::expected<Record, RecordError> parse_record(std::string_view text) {
  return Parser{}.parse(text);
}
}  // namespace pb::dmarc
