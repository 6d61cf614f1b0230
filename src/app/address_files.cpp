// address_files.cpp: files of aliases and of known mailboxes, one-line rules.
// Spec: docs/reference/configuration.md (domain.aliases, domain.recipients).  Tests:
// address_files_test.cpp       Not here: following an alias (accounts/directory, delivery/).
#include "app/address_files.hpp"

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
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

/// Why this target cannot be used; empty: it can.
std::string problem_of(std::string_view target) {
  if (target.empty()) return "a target is missing";
  if (target.front() == '|' || target.starts_with("\"|"))
    return "programs are not run from aliases; deliver by LMTP to what runs it";
  if (target.front() == '/' || target.starts_with("\"/"))
    return "mail is not written to files from aliases; use deliver = \"maildir:...\"";
  if (ascii::istarts_with(target, ":include:"))
    return ":include: is not read; write the addresses here";
  bool const address = target.find('@') != std::string_view::npos;
  if (address && !mail::parse_mailbox(target, mail::Utf8::allow)) return "it is no address";
  return "";
}
}  // namespace

AliasMap parse_aliases(std::string_view text, std::string const& file,
                       std::vector<Problem>& problems) {
  AliasMap aliases;
  for (Line const& line : logical_lines(text)) {
    auto const refuse = [&](std::string why) {
      problems.push_back({Severity::error, file, {line.number, 1}, std::move(why)});
    };
    std::size_t const colon = line.text.find(':');
    std::string const name =
        ascii::to_lower(ascii::trim(std::string_view{line.text}.substr(0, colon)));
    if (colon == std::string::npos || colon == 0 || name.empty()) {
      refuse("write \"name: account or address\"");
      continue;
    }
    std::string targets;
    for (std::string_view const part :
         ascii::split(std::string_view{line.text}.substr(colon + 1), ',')) {
      std::string_view const target = ascii::trim(part);
      if (std::string const why = problem_of(target); !why.empty()) {
        refuse("\"" + escape_for_display(target, 80) + "\": " + why);
        continue;
      }
      targets.append(targets.empty() ? "" : ", ").append(target);
    }
    if (targets.empty()) continue;
    if (!aliases.emplace(name, targets).second) refuse("\"" + name + "\" stands twice");
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
