// sandbox.cpp: the test mail server's configuration, made by code, and its own CA.
// Spec: docs/reference/sandbox.md.  Tests: tests/end_to_end/sandbox_test.py
// Not here: what is accepted there (policy/), the captured messages (inbox/).
#include "app/sandbox.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "runtime/certificates.hpp"

namespace pb::app {
namespace {
using smtp::server::Role;
constexpr std::size_t pem_octets_max = 1 << 16;
constexpr Duration ca_life = std::chrono::days{3650};
constexpr Duration clock_slack = std::chrono::hours{1};  // of a client whose clock is behind ours

std::string system_text(std::string const& path) {
  return path + ": " + std::system_category().message(errno);
}

std::expected<void, std::string> write_file(std::string const& path, std::string_view content,
                                            mode_t mode) {
  std::string const fresh = path + ".new";
  int const descriptor =
      ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
  if (descriptor < 0) return std::unexpected(system_text(fresh));
  bool const written =
      ::write(descriptor, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  bool const good = written && ::fsync(descriptor) == 0;
  std::string const error = good ? "" : system_text(fresh);
  ::close(descriptor);
  if (!good) return std::unexpected(error);
  if (::rename(fresh.c_str(), path.c_str()) != 0) return std::unexpected(system_text(path));
  return {};
}

/// Two sandboxes that start at once must not make two CAs.
class FolderLock {
 public:
  explicit FolderLock(std::string const& folder)
      : descriptor_{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)} {
    if (descriptor_ >= 0) ::flock(descriptor_, LOCK_EX);
  }
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FolderLock(FolderLock const&) = delete;
  FolderLock& operator=(FolderLock const&) = delete;

 private:
  int descriptor_;
};

std::expected<runtime::CertificatePair, std::string> ca_of(std::string const& data_dir,
                                                           Instant now) {
  std::error_code error;
  std::filesystem::create_directories(data_dir, error);
  if (error) return std::unexpected("cannot make " + data_dir + ": " + error.message());
  FolderLock const lock{data_dir};
  std::string const certificate = data_dir + "/ca.pem";
  std::string const key = data_dir + "/ca.key";
  auto const old_certificate = read_file(certificate, pem_octets_max);
  auto const old_key = read_file(key, pem_octets_max);
  if (old_certificate && old_key) return runtime::CertificatePair{*old_certificate, *old_key};
  auto made = runtime::make_ca("Packetboat sandbox on this computer", now - clock_slack, ca_life);
  if (!made) return std::unexpected(made.error());
  if (auto written = write_file(key, made->key_pem, 0600); !written)
    return std::unexpected(written.error());
  if (auto written = write_file(certificate, made->certificate_pem, 0644); !written)
    return std::unexpected(written.error());
  return std::move(*made);
}

Config config_of(SandboxOptions const& options) {
  Config config = *parse_config(
                       "hostname = \"localhost\"\ndata_dir = \"/\"\n[[listener]]\nrole = "
                       "\"relay\"\naddress = \"127.0.0.1:1025\"\n",
                       "sandbox")
                       .config;
  config.file.clear();
  config.sandbox = true;
  config.data_dir = options.data_dir;
  config.threads = options.threads;
  config.listeners.clear();
  std::array const wanted{std::pair{Role::relay, options.ports.relay},
                          std::pair{Role::submission, options.ports.submission},
                          std::pair{Role::submissions, options.ports.submissions},
                          std::pair{Role::submission_alt, options.ports.submission_alt}};
  for (char const* address : {"127.0.0.1", "::1"}) {
    if (!options.ipv6 && std::string_view{address} == "::1") continue;
    for (auto const& [role, port] : wanted) {
      ListenerConfig listener;
      listener.role = role;
      listener.role_given = true;
      listener.address = {*IpAddress::parse(address), port};
      config.listeners.push_back(listener);
    }
  }
  config.certificates = {{{}, {}, "sandbox certificate", "sandbox key"}};
  return config;
}
}  // namespace

std::expected<LoadedConfig, std::string> sandbox_config(SandboxOptions const& options,
                                                        Instant now) {
  auto const ca = ca_of(options.data_dir, now);
  if (!ca) return std::unexpected(ca.error());
  runtime::LeafRequest request;
  request.dns_names = {"localhost", "localhost.localdomain"};
  request.addresses = {*IpAddress::parse("127.0.0.1"), *IpAddress::parse("::1")};
  request.not_before = now - clock_slack;
  auto leaf = runtime::make_leaf(*ca, request);
  if (!leaf)
    return std::unexpected("the CA in " + options.data_dir + " cannot be used (" + leaf.error() +
                           "): remove ca.pem and ca.key there, a new one is made");
  LoadedConfig loaded;
  Config config = config_of(options);
  loaded.files[config.certificates[0].certificate] = std::move(leaf->certificate_pem);
  loaded.files[config.certificates[0].key] = std::move(leaf->key_pem);
  loaded.config = std::make_shared<Config const>(std::move(config));
  return loaded;
}

std::expected<std::string, std::string> sandbox_ca_file(std::string const& data_dir, Instant now) {
  auto const ca = ca_of(data_dir, now);
  if (!ca) return std::unexpected(ca.error());
  return data_dir + "/ca.pem";
}

bool has_ipv6_loopback() {
  int const descriptor = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  bool const bound =
      ::bind(descriptor, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0;
  ::close(descriptor);
  return bound;
}
}  // namespace pb::app
