// author.cpp: see author.hpp.                       Spec: RFC 9989 §5.3.1; RFC 5322 §3.4.
#include "dmarc/author.hpp"

#include "base/ascii.hpp"
#include "dns/name.hpp"

namespace pb::dmarc {
namespace {
/// Takes a list apart into its addresses; quoted strings and comments hold no separators.
class Scanner {
 public:
  /// false: not one domain.
  bool scan(std::string_view text);
  std::string domain;

 private:
  bool end_address();
  std::string plain_;  // of the current address, without quotes, comments and display name
  std::string angle_;
  bool has_angle_ = false;
};

bool Scanner::end_address() {
  std::string_view const address = ascii::trim(has_angle_ ? angle_ : plain_);
  bool const nothing = address.empty() && !has_angle_;
  std::size_t const at = address.rfind('@');
  std::string const found =
      at == std::string_view::npos ? "" : dns::normal_name(ascii::trim(address.substr(at + 1)));
  plain_.clear();
  angle_.clear();
  has_angle_ = false;
  if (nothing) return true;
  if (found.empty() || (!domain.empty() && domain != found)) return false;
  domain = found;
  return true;
}

bool Scanner::scan(std::string_view text) {
  bool quoted = false;
  bool angle = false;
  int comment = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (c == '\\' && (quoted || comment > 0)) {
      ++i;
    } else if (quoted) {
      quoted = c != '"';
    } else if (c == '(' || (comment > 0 && c == ')')) {
      comment += c == '(' ? 1 : -1;
    } else if (comment > 0) {
      continue;
    } else if (c == '"') {
      quoted = true;
      (angle ? angle_ : plain_).push_back('q');  // stands for the quoted text
    } else if (c == '<' && !angle) {
      if (has_angle_) return false;
      angle = has_angle_ = true;
    } else if (c == '>' && angle) {
      angle = false;
    } else if (!angle && c == ':') {
      plain_.clear();  // the name of a group (§3.4)
    } else if (!angle && (c == ',' || c == ';')) {
      if (!end_address()) return false;
    } else {
      (angle ? angle_ : plain_).push_back(c);
    }
  }
  return !quoted && !angle && comment == 0 && end_address();
}
}  // namespace

std::string only_domain(std::string_view from_value) {
  Scanner scanner;
  if (!scanner.scan(mail::unfold(from_value))) return {};
  return dns::valid_name(scanner.domain) ? scanner.domain : std::string{};
}

std::string author_domain(mail::HeaderSection const& header) {
  auto const fields = header.all("From");
  return fields.size() == 1 ? only_domain(fields.front().value) : std::string{};
}
}  // namespace pb::dmarc
