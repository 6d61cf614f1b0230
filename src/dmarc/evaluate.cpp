// evaluate.cpp: see evaluate.hpp.                                Spec: RFC 9989 §4.4, §4.10, §5.3.
#include "dmarc/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <optional>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "dns/name.hpp"

namespace pb::dmarc {
namespace {
struct Problem {
  Word word = Word::temperror;
  std::string text;
};
using Stop = std::variant<dns::Question, Problem>;
template <class T>
using Step = std::expected<T, Stop>;

/// A record met on a walk.
struct Published {
  std::string domain;
  Record record;
};
struct Walk {
  std::vector<Published> records;  // from the author domain upwards
  bool author_has_several = false;
  bool author_is_malformed = false;
};

std::string parent(std::string const& domain) {
  std::size_t const dot = domain.find('.');
  return dot == std::string::npos ? std::string{} : domain.substr(dot + 1);
}

class Evaluation {
 public:
  Evaluation(Input const& input, dns::Facts const& facts) : input_{input}, facts_{facts} {}
  std::variant<Result, dns::Question> run();

 private:
  Step<std::vector<std::string>> records_at(std::string const& domain);
  Step<Walk> walk(std::string const& domain);
  Step<std::string> organizational_domain(std::string const& domain);
  static std::string select(std::string const& domain, Walk const& walk);
  Step<bool> belongs(std::string const& domain);
  Step<Aligned> align_dkim();
  Step<Aligned> align_spf();
  Step<bool> exists(std::string const& domain);
  Step<bool> answer(dns::Question question, bool& nonexistent);
  Step<Result> evaluate();
  Step<bool> choose_policy(Walk const& walk);

  Input const& input_;
  dns::Facts const& facts_;
  Result result_;
};

/// The texts under _dmarc.<domain> that are DMARC records.
Step<std::vector<std::string>> Evaluation::records_at(std::string const& domain) {
  dns::Question question{"_dmarc." + domain, dns::Type::txt};
  std::vector<std::string> out;
  if (!dns::valid_name(question.name)) return out;
  auto const fact = facts_.find(question);
  if (fact == facts_.end()) return std::unexpected{Stop{std::move(question)}};
  if (std::holds_alternative<dns::Failed>(fact->second)) {
    return std::unexpected{Stop{
        Problem{Word::temperror, fmt::format("DNS failed for {}", escape_for_display(domain))}}};
  }
  auto const* found = std::get_if<dns::Found>(&fact->second);
  if (found == nullptr) return out;
  for (dns::Record const& record : found->records) {
    auto const* txt = std::get_if<dns::Txt>(&record);
    if (txt != nullptr && is_record(txt->text)) out.push_back(txt->text);
  }
  return out;
}

/// §4.10: psd=n ends the walk, psd=y too unless it is the first; several records count as none.
Step<Walk> Evaluation::walk(std::string const& domain) {
  Walk out;
  for (std::string const& name : walk_names(domain)) {
    auto const texts = records_at(name);
    if (!texts) return std::unexpected{texts.error()};
    bool const first = name == domain;
    if (texts->size() > 1 && first) out.author_has_several = true;
    if (texts->size() != 1) continue;
    auto record = parse_record(texts->front());
    if (!record) {
      out.author_is_malformed = out.author_is_malformed || first;
      continue;
    }
    Psd const psd = record->psd;
    out.records.push_back({name, std::move(*record)});
    if (psd == Psd::no || (psd == Psd::yes && !first)) break;
  }
  return out;
}

/// §4.10.2: psd=n names it; above psd=y it is one label down; else the shortest with a record.
std::string Evaluation::select(std::string const& domain, Walk const& walk) {
  for (Published const& stop : walk.records) {
    if (stop.record.psd == Psd::no) return stop.domain;
    if (stop.record.psd == Psd::yes && stop.domain != domain) {
      std::string below = domain;
      while (parent(below) != stop.domain) below = parent(below);
      return below;
    }
  }
  return walk.records.empty() ? domain : walk.records.back().domain;
}

Step<std::string> Evaluation::organizational_domain(std::string const& domain) {
  auto const found = walk(domain);
  if (!found) return std::unexpected{found.error()};
  return select(domain, *found);
}

/// Relaxed alignment: the same organizational domain. A domain that is not within the author's
/// can have no other, so nothing is asked for it.
Step<bool> Evaluation::belongs(std::string const& domain) {
  if (domain == result_.author_domain) return true;
  if (!dns::is_or_below(domain, result_.organizational_domain)) return false;
  auto const own = organizational_domain(domain);
  if (!own) return std::unexpected{own.error()};
  return *own == result_.organizational_domain;
}

Step<Aligned> Evaluation::align_dkim() {
  Aligned out;
  bool const strict = result_.record.dkim == Alignment::strict;
  for (SignedBy const& signature : input_.dkim) {
    std::string const domain = dns::normal_name(signature.domain);
    auto const related = belongs(domain);
    if (!related) return std::unexpected{related.error()};
    if (!*related) continue;
    if (!out.passed) out.unsigned_octets = signature.unsigned_octets;
    if (out.passed || (strict && domain != result_.author_domain)) continue;
    out.passed = true;
    out.domain = strict ? domain : result_.organizational_domain;
  }
  return out;
}

Step<Aligned> Evaluation::align_spf() {
  Aligned out;
  bool const strict = result_.record.spf == Alignment::strict;
  for (std::string const& given : input_.spf) {
    std::string const domain = dns::normal_name(given);
    if (strict && domain != result_.author_domain) continue;
    auto const related = belongs(domain);
    if (!related) return std::unexpected{related.error()};
    if (!*related) continue;
    out.passed = true;
    out.domain = strict ? domain : result_.organizational_domain;
    break;
  }
  return out;
}

/// True when it was answered with records; `nonexistent` when the name itself does not exist.
Step<bool> Evaluation::answer(dns::Question question, bool& nonexistent) {
  auto const fact = facts_.find(question);
  if (fact == facts_.end()) return std::unexpected{Stop{std::move(question)}};
  nonexistent = std::holds_alternative<dns::NxDomain>(fact->second);
  // A failure proves nothing: the name may exist.
  if (std::holds_alternative<dns::Failed>(fact->second)) return true;
  auto const* found = std::get_if<dns::Found>(&fact->second);
  return found != nullptr && !found->records.empty();
}

/// §3.2.13: a name without A, AAAA and MX does not exist.
Step<bool> Evaluation::exists(std::string const& domain) {
  for (dns::Type const type : {dns::Type::a, dns::Type::aaaa, dns::Type::mx}) {
    bool nonexistent = false;
    auto const found = answer({domain, type}, nonexistent);
    if (!found || *found) return found;
    if (nonexistent) return false;
  }
  return false;
}

/// §4.10.1; false: no record applies.
Step<bool> Evaluation::choose_policy(Walk const& walk) {
  std::string const& author = result_.author_domain;
  if (walk.author_has_several) {
    result_.problem = "the author domain has more than one DMARC record";
    return false;
  }
  auto const at = [&](std::string const& domain) {
    return std::ranges::find(walk.records, domain, &Published::domain);
  };
  auto chosen = at(author);
  if (chosen == walk.records.end() && walk.author_is_malformed) {
    result_.problem = "the record has no valid policy and no report address";
    return false;
  }
  if (chosen == walk.records.end()) chosen = at(result_.organizational_domain);
  if (chosen == walk.records.end()) {
    chosen = std::ranges::find_if(
        walk.records, [](Published const& stop) { return stop.record.psd == Psd::yes; });
  }
  if (chosen == walk.records.end()) {
    result_.problem = "the domain has no DMARC record";
    return false;
  }
  result_.record = chosen->record;
  result_.record_domain = chosen->domain;
  result_.published = result_.record.policy;
  if (chosen->domain != author) {
    result_.published = result_.record.subdomain.value_or(result_.record.policy);
    if (result_.record.nonexistent) {
      auto const there = exists(author);
      if (!there) return std::unexpected{there.error()};
      result_.nonexistent = !*there;
      if (result_.nonexistent) result_.published = *result_.record.nonexistent;
    }
  }
  result_.policy = result_.published;
  if (result_.record.testing) {
    result_.policy = result_.published == Policy::reject ? Policy::quarantine : Policy::none;
  }
  return true;
}

Step<Result> Evaluation::evaluate() {
  auto const found = walk(result_.author_domain);
  if (!found) return std::unexpected{found.error()};
  result_.organizational_domain = select(result_.author_domain, *found);
  auto const applies = choose_policy(*found);
  if (!applies) return std::unexpected{applies.error()};
  if (!*applies) return result_;
  auto dkim = align_dkim();
  if (!dkim) return std::unexpected{dkim.error()};
  result_.dkim = std::move(*dkim);
  auto spf = align_spf();
  if (!spf) return std::unexpected{spf.error()};
  result_.spf = std::move(*spf);
  result_.word = result_.dkim.passed || result_.spf.passed ? Word::pass : Word::fail;
  return result_;
}

std::variant<Result, dns::Question> Evaluation::run() {
  result_.author_domain = dns::normal_name(input_.author_domain);
  if (!dns::valid_name(result_.author_domain)) {
    result_.word = Word::permerror;
    result_.problem = "the message has not exactly one author domain";
    return result_;
  }
  auto outcome = evaluate();
  if (outcome) return std::move(*outcome);
  if (auto* question = std::get_if<dns::Question>(&outcome.error())) return std::move(*question);
  auto& problem = std::get<Problem>(outcome.error());
  result_.word = problem.word;
  result_.problem = std::move(problem.text);
  return result_;
}
}  // namespace

std::string_view text(Word word) {
  switch (word) {
    case Word::none:
      return "none";
    case Word::pass:
      return "pass";
    case Word::fail:
      return "fail";
    case Word::temperror:
      return "temperror";
    case Word::permerror:
      return "permerror";
  }
  return {};
}

/// §4.10 steps 3-4: from more than 8 labels the walk jumps to the last 7, so that 8 questions do.
std::vector<std::string> walk_names(std::string_view domain) {
  std::vector<std::string> out;
  std::string name = dns::normal_name(domain);
  if (!dns::valid_name(name)) return out;
  out.push_back(name);
  std::size_t const last_dot = name.rfind('.');
  std::string_view const top =
      last_dot == std::string::npos ? name : std::string_view{name}.substr(last_dot + 1);
  // Addresses have no organization: no name above them is asked.
  if (std::ranges::all_of(top, ascii::is_digit)) return out;
  auto labels = static_cast<std::size_t>(std::ranges::count(name, '.')) + 1;
  constexpr std::size_t labels_max = 8;
  do {
    name = parent(name);
    --labels;
  } while (labels >= labels_max);
  for (; !name.empty(); name = parent(name)) out.push_back(name);
  return out;
}

std::variant<Result, dns::Question> evaluate(Input const& input, dns::Facts const& facts) {
  return Evaluation{input, facts}.run();
}
}  // namespace pb::dmarc
