// dkim_keys.cpp: see dkim_keys.hpp.
// Spec: RFC 6376 §3.6.1 (records), §6.1.2; rotation with overlap as RFC 6376 §5.2 advises.
// Not here: signing (dkim.cpp).
#include "cli/dkim_keys.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>

#include "app/config.hpp"
#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "cli/verify_input.hpp"
#include "dkim/record.hpp"
#include "dkim/verify.hpp"
#include "dns/name.hpp"

namespace pb::cli {
namespace {
namespace fs = std::filesystem;
namespace json = boost::json;
struct Options {
  std::string directory;  // empty: what the configuration says
  std::string config = "/etc/packetboat/packetboat.toml";
  std::string domain, selector;
  std::string type = "rsa";
  unsigned bits = 2048;
  VerifyCommon common;
};

struct StoredKey {
  std::string domain, selector;
  fs::path path;
  std::optional<dkim::PrivateKey> key;  // none: the file holds no key that can be read
};

bool is_folder_name(std::string const& name) {
  return !name.starts_with('.') && dkim::is_domain_or_selector(name);
}

/// Keys of one domain, or of all for ""; sorted by domain and selector.
std::vector<StoredKey> stored_keys(Options const& options) {
  std::vector<StoredKey> out;
  std::error_code ignored;
  for (auto const& folder : fs::directory_iterator{options.directory, ignored}) {
    std::string const domain = folder.path().filename().string();
    bool const wanted = options.domain.empty() || domain == dns::normal_name(options.domain);
    if (!wanted || !folder.is_directory(ignored)) continue;
    for (auto const& file : fs::directory_iterator{folder.path(), ignored}) {
      if (file.path().extension() != ".pem") continue;
      auto const pem = read_input(file.path().string());
      out.push_back({domain, file.path().stem().string(), file.path(),
                     pem ? dkim::PrivateKey::from_pem(*pem) : std::nullopt});
    }
  }
  std::ranges::sort(out, {},
                    [](StoredKey const& key) { return std::pair{key.domain, key.selector}; });
  return out;
}

/// A folder for keys, given to whom the folder above it belongs: root makes keys for the server.
bool make_folder(fs::path const& path) {
  struct stat above{};
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return true;
  if (path.has_parent_path() && path != path.parent_path() && !make_folder(path.parent_path()))
    return false;
  if (::mkdir(path.c_str(), 0755) != 0 || ::stat(path.parent_path().c_str(), &above) != 0)
    return false;
  return ::geteuid() != 0 || ::chown(path.c_str(), above.st_uid, above.st_gid) == 0;
}

/// Made with 0600 and never over an existing file.
bool write_private(fs::path const& path, std::string const& text) {
  int const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return false;
  struct stat above{};
  bool const given = ::geteuid() != 0 || (::stat(path.parent_path().c_str(), &above) == 0 &&
                                          ::fchown(file, above.st_uid, above.st_gid) == 0);
  bool const written =
      given && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(file) == 0;
  return ::close(file) == 0 && written;
}

/// TXT data in strings of at most 255 octets (RFC 1035 §3.3), as a zone file has it.
std::string zone_line(StoredKey const& stored) {
  std::string const text = dkim::key_record_text(stored.key->public_key());
  std::string strings;
  for (std::size_t at = 0; at < text.size(); at += 250) {
    strings += fmt::format("{}\"{}\"", at == 0 ? "" : " ", text.substr(at, 250));
  }
  return fmt::format("{}._domainkey.{}. IN TXT ( {} )", stored.selector, stored.domain, strings);
}

json::object json_of(StoredKey const& stored) {
  json::object out{{"domain", stored.domain},
                   {"selector", stored.selector},
                   {"name", fmt::format("{}._domainkey.{}", stored.selector, stored.domain)},
                   {"file", stored.path.string()}};
  if (stored.key) {
    out["type"] = stored.key->type() == dkim::KeyType::rsa ? "rsa" : "ed25519";
    out["bits"] = stored.key->bits();
    out["record"] = dkim::key_record_text(stored.key->public_key());
  }
  return out;
}

/// "2026a", "2026b", ...: the year and the first letter that is free.
std::string free_selector(Options const& options) {
  auto const today = std::chrono::floor<std::chrono::days>(time_of(options.common));
  int const year = static_cast<int>(std::chrono::year_month_day{today}.year());
  Options one = options;
  auto const taken = stored_keys(one);
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    std::string name = fmt::format("{}{}", year, letter);
    bool const used =
        std::ranges::any_of(taken, [&](StoredKey const& key) { return key.selector == name; });
    if (!used) return name;
  }
  return fmt::format("{}-{}", year, today.time_since_epoch().count());
}

std::expected<StoredKey, Refusal> make_key(Options const& options) {
  bool const rsa = options.type == "rsa";
  if (!rsa && options.type != "ed25519") {
    return std::unexpected{Refusal{"--type is rsa or ed25519", Exit::usage}};
  }
  if (rsa && (options.bits < 1024 || options.bits > 8192)) {
    return std::unexpected{Refusal{"--bits is 1024 to 8192 (RFC 8301)", Exit::usage}};
  }
  StoredKey out;
  out.domain = dns::normal_name(options.domain);
  out.selector = options.selector.empty() ? free_selector(options) : options.selector;
  if (!is_folder_name(out.domain) || !is_folder_name(out.selector)) {
    return std::unexpected{Refusal{"the domain or selector is no name", Exit::usage}};
  }
  out.key =
      dkim::PrivateKey::generate(rsa ? dkim::KeyType::rsa : dkim::KeyType::ed25519, options.bits);
  if (!out.key) return std::unexpected{Refusal{"OpenSSL made no key", Exit::software}};
  fs::path const folder = fs::path{options.directory} / out.domain;
  std::ignore = make_folder(folder);
  out.path = folder / (out.selector + ".pem");
  if (!write_private(out.path, out.key->pem())) {
    return std::unexpected{Refusal{out.path.string() + ": cannot be made (is it there already?)",
                                   Exit::cannot_create}};
  }
  return out;
}

Exit run_keygen(Options const& options, Terminal& terminal) {
  auto const made = make_key(options);
  if (!made) return refuse(terminal, made.error());
  if (options.common.json) {
    json::object out = json_of(*made);
    out["schema"] = "packetboat.dkim-key/1";
    terminal.out() << json::serialize(out) << '\n';
    return Exit::ok;
  }
  terminal.out() << fmt::format(
      "The key is in {}.\nPublish this, then check it:\n\n{}\n\nNext:  packetboat dkim check {}\n"
      "A running server signs with it after  packetboat reload\n",
      made->path.string(), zone_line(*made), made->domain);
  return Exit::ok;
}

Exit run_list(Options const& options, Terminal& terminal) {
  json::array list;
  auto const keys = stored_keys(options);
  for (StoredKey const& stored : keys) {
    list.push_back(json_of(stored));
    if (options.common.json) continue;
    std::string const what = !stored.key ? "unreadable"
                             : stored.key->type() == dkim::KeyType::rsa
                                 ? fmt::format("RSA {}", stored.key->bits())
                                 : "Ed25519";
    terminal.out() << fmt::format("{:<30} {:<16} {}\n", stored.domain, stored.selector, what);
  }
  if (options.common.json) {
    terminal.out() << json::serialize(json::object{{"schema", "packetboat.dkim-keys/1"},
                                                   {"keys", std::move(list)}})
                   << '\n';
  } else if (keys.empty()) {
    terminal.out() << "No keys in " << options.directory << ".\n";
  }
  return keys.empty() ? Exit::second_choice : Exit::ok;
}

Exit run_record(Options const& options, Terminal& terminal) {
  bool any = false;
  for (StoredKey const& stored : stored_keys(options)) {
    bool const wanted = options.selector.empty() || options.selector == stored.selector;
    if (!wanted || !stored.key) continue;
    any = true;
    terminal.out() << (options.common.json ? json::serialize(json_of(stored)) : zone_line(stored))
                   << '\n';
  }
  if (!any) return refuse(terminal, {"no such key in " + options.directory, Exit::no_input});
  return Exit::ok;
}

Exit run_rotate(Options const& options, Terminal& terminal) {
  auto const old_keys = stored_keys(options);
  auto const made = make_key(options);
  if (!made) return refuse(terminal, made.error());
  if (options.common.json) {
    json::array old;
    for (StoredKey const& stored : old_keys) old.push_back(json_of(stored));
    json::object out;
    out["schema"] = "packetboat.dkim-rotate/1";
    out["new"] = json_of(*made);
    out["old"] = std::move(old);
    terminal.out() << json::serialize(out) << '\n';
    return Exit::ok;
  }
  terminal.out() << fmt::format(
      "1. Publish the new key, and leave the old ones:\n\n{}\n\n"
      "2. When `packetboat dkim check {}` finds it, sign with selector {}:\n"
      "   packetboat reload  (with dkim_selectors in [[domain]]: name it there first)\n"
      "3. A week later (mail may wait that long in queues) remove the old keys:\n",
      zone_line(*made), made->domain, made->selector);
  for (StoredKey const& stored : old_keys) {
    terminal.out() << fmt::format("     {}   (DNS name {}._domainkey.{})\n", stored.path.string(),
                                  stored.selector, stored.domain);
  }
  return Exit::ok;
}

/// What DNS says of a key that we hold: "" when it serves just this key.
std::string check_problem(StoredKey const& stored, dns::Answer const& answer) {
  if (!stored.key) return "the file holds no key that can be read";
  auto const record = dkim::key_from(answer);
  if (!record) return std::string{dkim::problem_text(record.error())};
  if (record->key != stored.key->public_key().octets()) return "DNS serves another key";
  if (!record->accepts_sha256) return "h= excludes sha256";
  if (!record->for_email) return "s= excludes mail";
  return {};
}

boost::asio::awaitable<dns::Answer> ask(runtime::Resolver& resolver, dns::Question question) {
  co_return co_await resolver.ask(std::move(question));
}

Exit run_check(Options const& options, Terminal& terminal) {
  auto const resolver = make_resolver(options.common);
  if (!resolver) return refuse(terminal, resolver.error());
  json::array list;
  Exit worst = Exit::ok;
  auto const keys = stored_keys(options);
  if (keys.empty()) return refuse(terminal, {"no keys in " + options.directory, Exit::no_input});
  for (StoredKey const& stored : keys) {
    dns::Question question{fmt::format("{}._domainkey.{}", stored.selector, stored.domain),
                           dns::Type::txt};
    auto const answer = wait_for(ask(**resolver, question));
    std::string const problem = check_problem(stored, answer);
    if (std::holds_alternative<dns::Failed>(answer) && worst == Exit::ok) worst = Exit::temporary;
    if (!problem.empty() && !std::holds_alternative<dns::Failed>(answer)) worst = Exit::not_usable;
    json::object one = json_of(stored);
    one["good"] = problem.empty();
    one["problem"] = problem;
    list.push_back(std::move(one));
    if (options.common.json) continue;
    terminal.out() << fmt::format("{:<44} {}\n", question.name,
                                  problem.empty() ? "published" : problem);
    if (!problem.empty() && stored.key) terminal.out() << "  " << zone_line(stored) << '\n';
  }
  if (options.common.json) {
    terminal.out() << json::serialize(json::object{{"schema", "packetboat.dkim-check/1"},
                                                   {"keys", std::move(list)}})
                   << '\n';
  }
  return worst;
}

/// The folder that the server signs from, unless another is named.
std::optional<Refusal> find_directory(Options& options) {
  if (!options.directory.empty()) return std::nullopt;
  app::ConfigResult const read = app::load_config(options.config);
  if (read.config) {
    options.directory = read.config->dkim_directory();
    return std::nullopt;
  }
  return Refusal{read.problems.front().line() +
                     "\nThe keys' folder is the configuration's: name one with --config, or a "
                     "folder with --directory.",
                 Exit::configuration};
}

enum class Domain { required, optional };
using Run = Exit (*)(Options const&, Terminal&);
struct Row {
  char const* name;
  char const* summary;
  Run run;
  Domain domain;
};
constexpr std::array rows{
    Row{"keygen", "make a key and print the record to publish", run_keygen, Domain::required},
    Row{"list", "list the keys of the folder", run_list, Domain::optional},
    Row{"record", "print the record of a key", run_record, Domain::required},
    Row{"rotate", "make a new key beside the old ones and say what to do", run_rotate,
        Domain::required},
    Row{"check", "compare what DNS serves with the keys of the folder", run_check,
        Domain::optional},
};
}  // namespace

void add_dkim_keys(CLI::App& dkim, Action& action) {
  for (Row const& row : rows) {
    auto const options = std::make_shared<Options>();  // shared: kept by both callbacks
    CLI::App& command = *dkim.add_subcommand(row.name, row.summary);
    auto* const domain = command.add_option("domain", options->domain, "the signing domain");
    if (row.domain == Domain::required) domain->required();
    command.add_option("--directory", options->directory,
                       "the folder of keys; else the one that the server signs from");
    command.add_option("--config", options->config, "the server's configuration")
        ->capture_default_str();
    command.add_option("--selector", options->selector, "the key's selector");
    if (row.run == run_keygen || row.run == run_rotate) {
      command.add_option("--type", options->type, "rsa or ed25519")->capture_default_str();
      command.add_option("--bits", options->bits, "of an RSA key")->capture_default_str();
    }
    add_common(command, options->common);
    command.callback([options, &row, &action] {
      action = [options, &row](Terminal& terminal) {
        if (auto const refusal = find_directory(*options)) return refuse(terminal, *refusal);
        return row.run(*options, terminal);
      };
    });
  }
}
}  // namespace pb::cli
