// address_files.cpp: files of aliases and of known mailboxes, one-line rules.
// Spec: docs/reference/configuration.md (domain.aliases, domain.recipients).  Tests:
// address_files_test.cpp       Not here: following an alias (accounts/directory, delivery/).
#include "app/address_files.hpp"

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "delivery/aliases.hpp"
#include "mail/address.hpp"

namespace pb::app {
namespace {
struct Line {
  unsigned number;
  std::string text;
};

/// Without comments and empty lines; what begins with a blank belongs to the line before it.
std::vector<Line> logical_lines(std::string_view text) {
  std::vector<Line> lines;
  unsigned number = 0;
  for (std::string_view const raw : ascii::split(text, '\n')) {
    ++number;
    std::string_view const line = ascii::trim(raw);
    if (line.empty() || line.front() == '#') continue;
    bool const goes_on = ascii::is_wsp(raw.front()) && !lines.empty();
    if (goes_on)
      lines.back().text.append(" ").append(line);
    else
      lines.push_back({number, std::string{line}});
  }
  return lines;
}
}  // namespace

AliasMap parse_aliases(std::string_view text, std::string const& file,
                       std::vector<Problem>& problems) {
  AliasMap aliases;
  auto const table = delivery::AliasTable::parse(text);
  if (!table) {
    for (delivery::AliasError const& error : table.error()) {
      std::string const about =
          error.about.empty() ? "" : "\"" + escape_for_display(error.about, 80) + "\": ";
      problems.push_back({Severity::error,
                          file,
                          {static_cast<unsigned>(error.line), 1},
                          about + std::string{explain(error.kind)}});
    }
    return aliases;
  }
  for (auto const& [name, targets] : table->rules()) {
    std::string& joined = aliases[name];
    for (std::string const& target : targets) joined += (joined.empty() ? "" : ", ") + target;
  }
  return aliases;
}

AliasMap parse_recipients(std::string_view text, DomainConfig const& domain,
                          std::string const& file, std::vector<Problem>& problems) {
  AliasMap known;
  for (Line const& line : logical_lines(text)) {
    bool const whole = line.text.find('@') != std::string::npos;
    std::string const address = whole ? line.text : line.text + "@" + domain.name;
    auto const mailbox = mail::parse_mailbox(address, mail::Utf8::allow);
    bool const ours = mailbox && mailbox->domain.key() == mail::Domain{domain.name}.key();
    if (!ours) {
      problems.push_back(
          {Severity::error,
           file,
           {line.number, 1},
           "\"" + escape_for_display(line.text, 80) + "\" is no mailbox of " + domain.name});
      continue;
    }
    known.emplace(ascii::to_lower(mailbox->local_part), mailbox->text());
  }
  return known;
}
}  // namespace pb::app
