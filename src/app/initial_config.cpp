// initial_config.cpp: writes the first configuration of a new server, with its reasons as comments.
// Spec: docs/reference/configuration.md.                       Tests: initial_config_test.cpp
// Not here: asking (cli/init).
#include "app/initial_config.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace pb::app {
namespace {
/// A TOML basic string.
std::string in_quotes(std::string const& text) {
  std::string out = "\"";
  for (char const c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string listeners() {
  return R"(
# Port 25: mail servers bring mail for your domains. Nobody else gets in.
[[listener]]
role = "relay"
address = "0.0.0.0:25"
[[listener]]
role = "relay"
address = "[::]:25"

# Port 587: programs of people with an account, STARTTLS.
[[listener]]
role = "submission"
address = "0.0.0.0:587"
[[listener]]
role = "submission"
address = "[::]:587"

# Port 465: the same, with SSL/TLS from the first byte.
[[listener]]
role = "submissions"
address = "0.0.0.0:465"
[[listener]]
role = "submissions"
address = "[::]:465"

# Port 2525: as 587, for networks that block it.
[[listener]]
role = "submission-alt"
address = "0.0.0.0:2525"
[[listener]]
role = "submission-alt"
address = "[::]:2525"
)";
}

std::string tls(InitialConfig const& wanted) {
  std::string out =
      "\n# Submission does not start without a certificate. Read again at reload: packetboat "
      "reload\n"
      "[tls]\n";
  if (!wanted.certificate.empty())
    return out + fmt::format("certificate = {}\nkey = {}\n", in_quotes(wanted.certificate),
                             in_quotes(wanted.key));
  std::string const folder = "/etc/letsencrypt/live/" + wanted.hostname;
  return out + fmt::format("certificate = {}\nkey = {}\n", in_quotes(folder + "/fullchain.pem"),
                           in_quotes(folder + "/privkey.pem"));
}

std::string domains(InitialConfig const& wanted) {
  std::vector<std::string> names = wanted.domains;
  if (names.empty()) names = {domain_of(wanted.hostname)};
  std::string out = "\n# Mail for these domains is ours. Accounts: packetboat user add you@" +
                    names.front() + "\n";
  for (std::string const& name : names) {
    out += fmt::format("[[domain]]\nname = {}\n", in_quotes(name));
    out +=
        wanted.deliver.empty()
            ? "# deliver = \"lmtp:unix:/run/dovecot/lmtp\"   (default: Maildirs below data_dir)\n"
            : fmt::format("deliver = {}\n", in_quotes(wanted.deliver));
    out += "# aliases = \"/etc/packetboat/aliases\"        (lines \"name: account or address\")\n";
  }
  return out;
}

std::string routes(InitialConfig const& wanted) {
  if (wanted.smarthost.empty())
    return "\n# Mail to others goes to their MX. Through a smarthost instead:\n"
           "# [[route]]\n# domain = \"*\"\n# via = \"submission://smtp.example.net:587\"\n";
  std::string out = fmt::format(
      "\n# All mail to others goes through this server.\n[[route]]\ndomain = \"*\"\nvia = {}\n",
      in_quotes(wanted.smarthost));
  if (wanted.smarthost_user.empty()) return out;
  std::string host = wanted.smarthost.substr(wanted.smarthost.find("://") + 3);
  host = host.substr(0, host.rfind(':'));
  return out + fmt::format("[[credential]]\nhost = {}\nuser = {}\npassword_file = {}\n",
                           in_quotes(host), in_quotes(wanted.smarthost_user),
                           in_quotes(wanted.smarthost_password_file));
}
}  // namespace

std::string domain_of(std::string const& hostname) {
  if (std::ranges::count(hostname, '.') < 2) return hostname;
  return hostname.substr(hostname.find('.') + 1);
}

std::string initial_config(InitialConfig const& wanted) {
  std::string out = fmt::format(
      "# Packetboat. Every key: packetboat check --reference. After a change: packetboat check, "
      "then\n"
      "# packetboat reload.\n\n"
      "# Our name: what our address is called in DNS, in both directions (A/AAAA and PTR).\n"
      "hostname = {}\n# Queue, accounts and journal.\ndata_dir = {}\n",
      in_quotes(wanted.hostname), in_quotes(wanted.data_dir));
  if (!wanted.user.empty())
    out +=
        fmt::format("# Whom to become when started as root.\nuser = {}\n", in_quotes(wanted.user));
  out += listeners() + tls(wanted) + domains(wanted) + routes(wanted);
  return out +
         "\n# Networks that may send to anyone through port 25 without a login.\n"
         "# [networks]\n# trusted = [\"127.0.0.0/8\", \"::1\"]\n";
}

std::expected<void, std::string> write_new_file(std::string const& path,
                                                std::string const& content) {
  int const descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (descriptor < 0)
    return std::unexpected(
        path + ": " + std::system_category().message(errno) +
        (errno == EEXIST ? ": it stays as it is; name another with --output" : ""));
  bool const written =
      ::write(descriptor, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  std::string const error = written ? "" : std::system_category().message(errno);
  ::close(descriptor);
  if (!written) return std::unexpected(path + ": " + error);
  return {};
}
}  // namespace pb::app
