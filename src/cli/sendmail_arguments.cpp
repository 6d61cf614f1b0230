// sendmail_arguments.cpp: letters first; whether a letter takes a value decides what follows it.
// Spec: sendmail(1).                                        Tests: sendmail_arguments_test.cpp
#include "cli/sendmail_arguments.hpp"

#include "base/ascii.hpp"
#include "base/encoding.hpp"

namespace pb::cli {
namespace {
/// Options whose value may stand in the next word: "-f a@b" and "-fa@b".
constexpr std::string_view with_value = "fFrRNVBCXLOhpAD";

std::expected<void, std::string> set_notify(std::string_view words, mail::DsnNotify& notify) {
  notify = {};
  notify.specified = true;
  for (auto const word : ascii::split(words, ',')) {
    if (ascii::iequals(word, "never"))
      notify.never = true;
    else if (ascii::iequals(word, "success"))
      notify.success = true;
    else if (ascii::iequals(word, "failure"))
      notify.failure = true;
    else if (ascii::iequals(word, "delay"))
      notify.delay = true;
    else
      return std::unexpected{"-N takes never, or success,failure,delay"};
  }
  bool const both = notify.never && (notify.success || notify.failure || notify.delay);
  if (both) return std::unexpected{"-N never stands alone (RFC 3461 4.1)"};
  return {};
}

std::expected<void, std::string> set_mode(std::string_view mode, SendmailArguments& out) {
  if (mode == "m" || mode.empty()) return {};
  if (mode == "s") {
    out.mode = SendmailMode::smtp;
  } else if (mode == "p") {
    out.mode = SendmailMode::list;
  } else if (mode == "i") {
    out.mode = SendmailMode::aliases;
  } else {
    return std::unexpected{"-b" + escape_for_display(mode) +
                           " is not for this program: packetboat serve is the server"};
  }
  return {};
}

std::string without_angles(std::string_view path) {
  path = ascii::trim(path);
  if (path.starts_with('<') && path.ends_with('>')) path = path.substr(1, path.size() - 2);
  return std::string{path};
}

std::expected<void, std::string> set_value(char letter, std::string_view value,
                                           SendmailArguments& out) {
  switch (letter) {
    case 'f':
    case 'r':
      out.from = without_angles(value);
      return {};
    case 'F':
      out.full_name = value;
      return {};
    case 'N':
      return set_notify(value, out.notify);
    case 'R':
      if (!ascii::iequals(value, "full") && !ascii::iequals(value, "hdrs"))
        return std::unexpected{"-R takes full or hdrs"};
      out.dsn_return =
          ascii::iequals(value, "full") ? mail::DsnReturn::full : mail::DsnReturn::headers;
      return {};
    case 'V':
      out.envelope_id = value;
      return {};
    default:      // not an enum
      return {};  // of other programs: taken, ignored
  }
}

void set_flag(std::string_view option, SendmailArguments& out) {
  for (char const letter : option) {
    if (letter == 't') out.from_header = true;
    if (letter == 'i') out.dot_is_text = true;
    if (letter == 'v') out.verbose = true;
  }
}
}  // namespace

std::expected<SendmailArguments, std::string> parse_sendmail(
    std::span<std::string const> arguments) {
  SendmailArguments out;
  bool options = true;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view const word = arguments[i];
    if (!options || word.size() < 2 || word[0] != '-') {
      for (auto const one : ascii::split(word, ',')) {
        if (!ascii::trim(one).empty()) out.recipients.emplace_back(ascii::trim(one));
      }
      continue;
    }
    if (word == "--") {
      options = false;
      continue;
    }
    char const letter = word[1];
    std::string_view value = word.substr(2);
    if (letter == 'o') {
      if (value == "i") out.dot_is_text = true;
      if (value.empty() && i + 1 < arguments.size() && !arguments[i + 1].starts_with('-')) ++i;
      continue;
    }
    if (letter == 'q') {
      out.mode = SendmailMode::flush;
      continue;
    }
    std::expected<void, std::string> done;
    if (letter == 'b') {
      done = set_mode(value, out);
    } else if (with_value.contains(letter)) {
      if (value.empty() && ++i == arguments.size())
        return std::unexpected{std::string{"-"} + letter + " wants a value"};
      if (value.empty()) value = arguments[i];
      done = set_value(letter, value, out);
    } else {
      set_flag(word.substr(1), out);
    }
    if (!done) return std::unexpected{done.error()};
  }
  return out;
}
}  // namespace pb::cli
