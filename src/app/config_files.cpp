// config_files.cpp: the contents of the files that a configuration names.  Tests: config_files_test
// Spec: ARCHITECTURE.md decision 8.
// Not here: what keys mean (config.hpp), certificates as such (runtime/tls_context).
#include "app/config_files.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "app/address_files.hpp"
#include "app/expansion_settings.hpp"
#include "app/mail_auth_settings.hpp"

namespace pb::app {
namespace {
constexpr std::size_t named_octets_max = 16 << 20;

std::string system_text() { return std::system_category().message(errno); }

void check_address_files(LoadedConfig& loaded) {
  for (DomainConfig const& domain : loaded.config->domains) {
    std::ignore = parse_aliases(loaded.content(domain.aliases), domain.aliases, loaded.problems);
    if (domain.recipients == "any") continue;
    std::ignore = parse_recipients(loaded.content(domain.recipients), domain, domain.recipients,
                                   loaded.problems);
  }
  for (Problem& problem : check_arc(loaded)) loaded.problems.push_back(std::move(problem));
  for (Problem& problem : check_expansion(loaded)) loaded.problems.push_back(std::move(problem));
}

void read_named(LoadedConfig& loaded) {
  for (NamedFile const& named : files_named_by(*loaded.config)) {
    auto content = read_file(named.path, named_octets_max);
    if (content) {
      loaded.files[named.path] = std::move(*content);
      continue;
    }
    loaded.problems.push_back(
        {Severity::error, loaded.config->file, named.place,
         named.key + ": " + named.path + " cannot be read: " + content.error()});
  }
  check_address_files(loaded);
  for (auto& problems : {dkim_key_files(*loaded.config).problems, dkim_keys_of(loaded).problems})
    loaded.problems.insert(loaded.problems.end(), problems.begin(), problems.end());
  bool const failed = std::ranges::any_of(
      loaded.problems, [](Problem const& one) { return one.severity == Severity::error; });
  if (failed) loaded.config = nullptr;
}

/// What the kernel says of `path` for ourselves.
bool may_use(std::string const& path, int mode) {
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0;
}

struct Question {
  std::string path;
  int mode;  // R_OK, W_OK
};

/// Answers in the order of the questions, asked as `user` in a child of ours.
std::vector<bool> ask_as(passwd const& user, std::vector<Question> const& questions) {
  std::vector<bool> answers(questions.size(), false);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return answers;
  pid_t const child = ::fork();
  if (child == 0) {
    bool const dropped = ::initgroups(user.pw_name, user.pw_gid) == 0 &&
                         ::setgid(user.pw_gid) == 0 && ::setuid(user.pw_uid) == 0;
    for (Question const& question : questions) {
      char const answer = dropped && may_use(question.path, question.mode) ? '1' : '0';
      if (::write(ends[1], &answer, 1) != 1) break;
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  char answer = '0';
  for (std::size_t i = 0; child > 0 && i < answers.size() && ::read(ends[0], &answer, 1) == 1; ++i)
    answers[i] = answer == '1';
  ::close(ends[0]);
  if (child > 0) ::waitpid(child, nullptr, 0);
  return answers;
}

/// data_dir, or where it will be made.
std::string nearest_existing(std::string path) {
  std::error_code ignored;
  while (path.size() > 1 && !std::filesystem::exists(path, ignored))
    path = std::filesystem::path{path}.parent_path();
  return path;
}

void check_secret(NamedFile const& named, Config const& config, std::vector<Problem>& problems) {
  struct stat status{};
  if (!named.secret || ::stat(named.path.c_str(), &status) != 0) return;
  if ((status.st_mode & 0007) == 0) return;
  problems.push_back({Severity::warning, config.file, named.place,
                      named.key + ": everyone can read " + named.path + ": chmod 640 it"});
}
}  // namespace

std::string LoadedConfig::content(std::string const& path) const {
  auto const found = files.find(path);
  return found == files.end() ? std::string{} : found->second;
}

std::expected<std::string, std::string> read_file(std::string const& path, std::size_t octets_max) {
  int const descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return std::unexpected(system_text());
  std::string content;
  std::array<char, 16384> chunk{};
  for (;;) {
    ssize_t const got = ::read(descriptor, chunk.data(), chunk.size());
    if (got <= 0 || content.size() + static_cast<std::size_t>(got) > octets_max) {
      std::string const error = got < 0 ? system_text() : got > 0 ? "it is too large" : "";
      ::close(descriptor);
      if (!error.empty()) return std::unexpected(error);
      return content;
    }
    content.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

std::vector<NamedFile> files_named_by(Config const& config) {
  std::vector<NamedFile> files;
  auto const add = [&](std::string const& path, char const* key, Place place, bool secret) {
    if (!path.empty()) files.push_back({path, key, place, secret});
  };
  for (CertificateFiles const& pair : config.certificates) {
    bool const is_default = &pair == config.certificates.data();
    add(pair.certificate, is_default ? "tls.certificate" : "tls.sni.certificate", pair.place,
        false);
    add(pair.key, is_default ? "tls.key" : "tls.sni.key", pair.place, true);
  }
  for (ListenerConfig const& one : config.listeners)
    add(one.client_ca, "listener.client_ca", one.place, false);
  for (DomainConfig const& one : config.domains) {
    add(one.aliases, "domain.aliases", one.place, false);
    if (one.recipients != "any") add(one.recipients, "domain.recipients", one.place, false);
  }
  for (CredentialConfig const& one : config.credentials)
    add(one.password_file, "credential.password_file", one.place, true);
  add(config.delivery.srs_secret_file, "delivery.srs_secret", {}, true);
  for (std::string const& path : dkim_key_files(config).paths)
    add(path, "dkim.directory", {}, true);
  return files;
}

LoadedConfig load_with_files(std::string const& file) {
  ConfigResult read = load_config(file);
  LoadedConfig loaded{std::move(read.config), {}, std::move(read.problems)};
  if (loaded.config) read_named(loaded);
  return loaded;
}

LoadedConfig loaded_from(std::string const& file, std::string_view toml,
                         std::map<std::string, std::string> files) {
  ConfigResult read = parse_config(toml, file);
  return {std::move(read.config), std::move(files), std::move(read.problems)};
}

std::vector<Problem> check_access(Config const& config) {
  std::vector<Problem> problems;
  std::vector<NamedFile> const files = files_named_by(config);
  std::vector<Question> questions;
  for (NamedFile const& named : files) questions.push_back({named.path, R_OK});
  questions.push_back({nearest_existing(config.data_dir), W_OK | X_OK});
  bool const as_user = ::geteuid() == 0 && !config.user.empty();
  passwd const* user = as_user ? ::getpwnam(config.user.c_str()) : nullptr;
  if (as_user && user == nullptr) {
    problems.push_back({Severity::error,
                        config.file,
                        {},
                        "user: there is no user \"" + config.user +
                            "\": make it with  useradd --system --no-create-home " + config.user});
    return problems;
  }
  std::vector<bool> answers;
  if (user != nullptr) answers = ask_as(*user, questions);
  for (std::size_t i = answers.size(); i < questions.size(); ++i)
    answers.push_back(may_use(questions[i].path, questions[i].mode));
  std::string const who = user != nullptr ? "the service user " + config.user : "this user";
  for (std::size_t i = 0; i < files.size(); ++i) {
    check_secret(files[i], config, problems);
    if (answers[i]) continue;
    std::string const then = user == nullptr ? "" : "; root reads it at start and at reload";
    problems.push_back({Severity::warning, config.file, files[i].place,
                        files[i].key + ": " + who + " cannot read " + files[i].path + then});
  }
  if (!answers.back())
    problems.push_back({Severity::error,
                        config.file,
                        {},
                        "data_dir: " + who + " cannot write " + questions.back().path + ": chown " +
                            "it, or make " + config.data_dir + " and give it to that user"});
  return problems;
}
}  // namespace pb::app
