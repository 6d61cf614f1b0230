// store.cpp: packetboat store check|repair|backup|export|compact.
// Spec: docs/reference/command-line.md.                  Tests: tests/end_to_end/store_test.py
// Not here: what is done (runtime/store_care), the socket (gateway).
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <memory>
#include <ostream>

#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/gateway.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
namespace fs = std::filesystem;
constexpr auto patience = std::chrono::hours{6};

struct StoreOptions {
  Target target;
  std::string directory;
  bool json = false, eml = false;
};

std::string shown(json::object const& object, std::string_view name) {
  json::value const* const value = object.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_string()) return escape_for_display(value->as_string(), 1000);
  return json::serialize(*value);
}

void print_list(Terminal& terminal, json::object const& from, std::string_view name) {
  for (json::value const& one : from.at(name).as_array())
    terminal.out() << "  " << escape_for_display(one.as_string(), 1000) << '\n';
}

/// Asks, and prints the answer itself with --json.
std::expected<json::object, Exit> answer_of(StoreOptions const& options, Question question,
                                            Terminal& terminal) {
  question.wait = patience;
  auto const answer = ask(options.target, question);
  if (!answer) return std::unexpected(report(terminal, answer.error()));
  if (options.json) terminal.out() << answer->body << '\n';
  return answer->as_json().as_object();
}

Exit run_check(StoreOptions const& options, Terminal& terminal) {
  auto const found = answer_of(options, {.path = "/store/check"}, terminal);
  if (!found) return found.error();
  bool const whole = found->at("damages").as_array().empty();
  Exit const exit = whole ? Exit::ok : Exit::not_usable;
  if (options.json) return exit;
  text::Table table{0};
  for (char const* const name :
       {"data_dir", "format", "messages", "recipients", "captured", "octets", "body_files",
        "loose_files", "journal_entries", "accounts"})
    table.row({name, shown(*found, name)});
  terminal.out() << table.render() << '\n';
  if (whole) {
    terminal.out() << "Every record and every block can be read.\n";
    return exit;
  }
  terminal.out() << terminal.styled(Style::bad, "Damaged:") << '\n';
  print_list(terminal, *found, "damages");
  terminal.out() << "Stop the server, copy the directory, then:  packetboat store repair\n";
  return exit;
}

Exit run_repair(StoreOptions const& options, Terminal& terminal) {
  auto const done = answer_of(
      options, {.method = "POST", .path = "/store/repair", .without = Without::salvage}, terminal);
  if (!done) return done.error();
  if (options.json) return Exit::ok;
  if (done->at("removed").to_number<std::uint64_t>() == 0) {
    terminal.out() << "Nothing was damaged. The server can be started.\n";
    return Exit::ok;
  }
  terminal.out() << "Taken out of the store:\n";
  print_list(terminal, *done, "what");
  terminal.out() << "Their bytes are in " << shown(*done, "saved_in")
                 << ". The server can be started.\n";
  return Exit::ok;
}

std::string absolute(std::string const& directory) {
  std::error_code ignored;
  return std::filesystem::absolute(directory, ignored).lexically_normal().string();
}

/// Another file system: copied, with the owners that the server gave, and removed.
std::error_code copy_over(fs::path const& from, fs::path const& to) {
  std::error_code error;
  fs::copy(from, to, fs::copy_options::recursive, error);
  for (fs::recursive_directory_iterator at{from, error}, end; !error && at != end;
       at.increment(error)) {
    struct stat status{};
    if (::stat(at->path().c_str(), &status) != 0) continue;
    fs::path const copied = to / fs::relative(at->path(), from, error);
    std::ignore = ::chown(copied.c_str(), status.st_uid, status.st_gid);  // only root may
  }
  if (!error) fs::remove_all(from, error);
  return error;
}

/// The server puts what it may not write elsewhere into its data_dir: taken from there to `wanted`.
Exit bring(std::string const& wanted, json::object& done, Terminal& terminal) {
  std::string const made{done.at("directory").as_string()};
  if (made == wanted) return Exit::ok;
  std::error_code error;
  fs::rename(made, wanted, error);
  if (error == std::errc::cross_device_link) error = copy_over(made, wanted);
  if (error) {
    terminal.err() << "packetboat: it is in " << made << ", and cannot be moved to " << wanted
                   << ": " << error.message() << '\n';
    return Exit::not_usable;
  }
  done["directory"] = wanted;
  return Exit::ok;
}

/// Asks for a directory to be written, and has it where it was wanted.
std::expected<json::object, Exit> written(StoreOptions const& options, Question question,
                                          Terminal& terminal) {
  std::string const wanted = absolute(options.directory);
  question.body = json::object{{"directory", wanted}};
  StoreOptions quiet = options;
  quiet.json = false;  // printed when it is where it belongs
  auto done = answer_of(quiet, std::move(question), terminal);
  if (!done) return done;
  if (Exit const exit = bring(wanted, *done, terminal); exit != Exit::ok)
    return std::unexpected(exit);
  if (options.json) terminal.out() << json::serialize(*done) << '\n';
  return done;
}

Exit run_backup(StoreOptions const& options, Terminal& terminal) {
  auto const done =
      written(options, {.method = "POST", .path = "/store/backup", .without = Without::read_write},
              terminal);
  if (!done) return done.error();
  if (!options.json)
    terminal.out() << "A copy is in " << shown(*done, "directory")
                   << ": to use it, make it the data_dir of a server.\n";
  return Exit::ok;
}

Exit run_export(StoreOptions const& options, Terminal& terminal) {
  auto const done = written(options, {.method = "POST", .path = "/store/export"}, terminal);
  if (!done) return done.error();
  bool const all = done->at("unreadable").to_number<std::uint64_t>() == 0;
  if (!options.json) {
    terminal.out() << shown(*done, "messages") << " messages are in " << shown(*done, "directory")
                   << '\n';
    if (!all)
      terminal.out() << shown(*done, "unreadable")
                     << " could not be read:  packetboat store check\n";
  }
  return all ? Exit::ok : Exit::second_choice;
}

Exit run_compact(StoreOptions const& options, Terminal& terminal) {
  auto const done = answer_of(
      options, {.method = "POST", .path = "/store/compact", .without = Without::read_write},
      terminal);
  if (!done) return done.error();
  if (!options.json) terminal.out() << "The store is compact.\n";
  return Exit::ok;
}
}  // namespace

void add_store(CLI::App& command, Action& action) {
  auto options = std::make_shared<StoreOptions>();  // shared: kept by all callbacks
  add_target(command, options->target);
  command.require_subcommand(1);
  using Run = Exit (*)(StoreOptions const&, Terminal&);
  auto const add = [&](char const* name, char const* what, Run run) -> CLI::App& {
    auto& sub = *command.add_subcommand(name, what);
    sub.add_flag("--json", options->json, "print JSON");
    sub.callback([options, run, &action] {
      action = [options, run](Terminal& terminal) { return run(*options, terminal); };
    });
    return sub;
  };
  auto& check = add("check", "read every record and every block; changes nothing", run_check);
  check.footer(
      "Examples:\n  packetboat store check\n  packetboat store check --json\n"
      "Exit 0: all can be read; 2: something is damaged.");
  auto& repair =
      add("repair", "move what cannot be read aside, with the server stopped", run_repair);
  repair.footer(
      "Example:\n  cp -a /var/lib/packetboat /var/lib/packetboat.before\n"
      "  packetboat store repair\nWhat is taken out is kept in data_dir/damaged/.");
  auto& backup = add("backup", "make a consistent copy while mail flows", run_backup);
  backup.add_option("directory", options->directory, "a directory that does not exist yet")
      ->required()
      ->type_name("DIR");
  backup.footer("Example:\n  packetboat store backup /backup/packetboat-2026-11-21");
  auto& out = add("export", "write queued and captured messages into files", run_export);
  out.add_flag("--eml", options->eml, "each message as ID.eml; the only form, and so the default");
  out.add_option("directory", options->directory, "a new or empty directory")
      ->required()
      ->type_name("DIR");
  out.footer(
      "Example:\n  packetboat store export --eml /tmp/mail\n"
      "envelopes.jsonl there says who each is from and for.");
  add("compact", "give back space on the disk; slow while it runs", run_compact);
  command.footer(
      "Examples:\n  packetboat store check\n"
      "  packetboat store backup /backup/packetboat\n"
      "With a running server these ask it; without one they open the store.");
}
}  // namespace pb::cli
