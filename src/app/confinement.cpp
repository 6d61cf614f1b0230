// confinement.cpp: what the server may touch from its first thread on.
// Spec: ARCHITECTURE.md decision 8; landlock(7), seccomp(2).
// Not here: giving up root (privileges).
#include "app/confinement.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <openssl/x509.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

namespace pb::app {
namespace {
namespace fs = std::filesystem;

// Debian 12's headers are of Linux 6.1: later rights by their numbers.
constexpr std::uint64_t right_truncate = 1ULL << 14;   // since ABI 3, Linux 6.2
constexpr std::uint64_t right_ioctl_dev = 1ULL << 15;  // since ABI 5, Linux 6.10
constexpr std::uint64_t rights_of_abi_1 = (1ULL << 13) - 1;
constexpr std::uint64_t read_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t rights_of_files =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
    right_truncate | right_ioctl_dev;
// Renaming from one directory to another, which a Maildir does for each message, is refused before.
constexpr long abi_min = 2;

constexpr std::array system_paths{"/dev/null",
                                  "/dev/random",
                                  "/dev/urandom",
                                  "/etc/gai.conf",
                                  "/etc/group",
                                  "/etc/host.conf",
                                  "/etc/hosts",
                                  "/etc/ld.so.cache",
                                  "/etc/localtime",
                                  "/etc/nsswitch.conf",
                                  "/etc/passwd",
                                  "/etc/protocols",
                                  "/etc/resolv.conf",
                                  "/etc/services",
                                  "/etc/ssl",
                                  "/lib",
                                  "/lib64",
                                  "/proc/meminfo",
                                  "/proc/self",
                                  "/proc/stat",
                                  "/proc/sys/kernel",
                                  "/proc/sys/net",
                                  "/proc/sys/vm",
                                  "/sys/dev/block",
                                  "/sys/devices",
                                  "/sys/fs/cgroup",
                                  "/usr/lib",
                                  "/usr/lib64",
                                  "/usr/local/share/ca-certificates",
                                  "/usr/share/ca-certificates",
                                  "/usr/share/dns",
                                  "/usr/share/zoneinfo"};

/// Nothing in a mail server needs these; most are how a break-in goes on from there.
constexpr std::array forbidden_calls{"acct",
                                     "add_key",
                                     "adjtimex",
                                     "bpf",
                                     "capset",
                                     "chroot",
                                     "clock_adjtime",
                                     "clock_settime",
                                     "create_module",
                                     "delete_module",
                                     "execve",
                                     "execveat",
                                     "fanotify_init",
                                     "finit_module",
                                     "fork",
                                     "fsconfig",
                                     "fsmount",
                                     "fsopen",
                                     "fspick",
                                     "init_module",
                                     "ioperm",
                                     "iopl",
                                     "kcmp",
                                     "kexec_file_load",
                                     "kexec_load",
                                     "keyctl",
                                     "lookup_dcookie",
                                     "mknod",
                                     "mknodat",
                                     "mount",
                                     "mount_setattr",
                                     "move_mount",
                                     "name_to_handle_at",
                                     "open_by_handle_at",
                                     "open_tree",
                                     "perf_event_open",
                                     "personality",
                                     "pidfd_getfd",
                                     "pivot_root",
                                     "process_vm_readv",
                                     "process_vm_writev",
                                     "ptrace",
                                     "quotactl",
                                     "reboot",
                                     "request_key",
                                     "setdomainname",
                                     "setfsgid",
                                     "setfsuid",
                                     "setgid",
                                     "setgroups",
                                     "sethostname",
                                     "setns",
                                     "setregid",
                                     "setresgid",
                                     "setresuid",
                                     "setreuid",
                                     "settimeofday",
                                     "setuid",
                                     "stime",
                                     "swapoff",
                                     "swapon",
                                     "syslog",
                                     "umount",
                                     "umount2",
                                     "unshare",
                                     "userfaultfd",
                                     "vfork",
                                     "vhangup"};

std::string system_text(std::string const& what) {
  return what + ": " + std::system_category().message(errno);
}

struct Descriptor {
  explicit Descriptor(int number_in) : number{number_in} {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(Descriptor const&) = delete;
  Descriptor& operator=(Descriptor const&) = delete;
  int number;
};

/// "maildir:/var/mail/{domain}/x" -> "/var/mail": what comes before the first name that varies.
std::string fixed_part(std::string_view path) {
  std::string_view const before = path.substr(0, path.find('{'));
  return std::string{before.substr(0, before.find_last_of('/'))};
}

std::string normal(std::string const& path) {
  std::error_code error;
  fs::path const real = fs::weakly_canonical(path, error);
  return error ? path : real.string();
}

bool is_below(std::string const& path, std::string const& folder) {
  return path == folder || path.starts_with(folder.ends_with('/') ? folder : folder + "/");
}

std::uint64_t handled_rights(long abi) {
  std::uint64_t rights = rights_of_abi_1 | LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3) rights |= right_truncate;
  if (abi >= 5) rights |= right_ioctl_dev;
  return rights;
}

bool allow(int ruleset, std::string const& path, std::uint64_t rights) {
  Descriptor const place{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  if (place.number < 0) return errno == ENOENT || errno == EACCES;  // then nobody here reads it
  struct stat status{};
  if (::fstat(place.number, &status) != 0) return false;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = S_ISDIR(status.st_mode) ? rights : rights & rights_of_files;
  rule.parent_fd = place.number;
  return ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

std::expected<std::string, std::string> confine_files(AllowedPaths const& paths) {
  long const abi =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < abi_min) return "this kernel has no landlock (Linux 5.19 or later has)";
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = handled_rights(abi);
  Descriptor const ruleset{
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0))};
  if (ruleset.number < 0) return std::unexpected(system_text("landlock_create_ruleset"));
  std::uint64_t const all = attributes.handled_access_fs;
  std::uint64_t const write_rights = all & ~LANDLOCK_ACCESS_FS_EXECUTE & ~right_ioctl_dev &
                                     ~LANDLOCK_ACCESS_FS_MAKE_CHAR & ~LANDLOCK_ACCESS_FS_MAKE_BLOCK;
  for (std::string const& path : paths.readable)
    if (!allow(ruleset.number, path, read_rights)) return std::unexpected(system_text(path));
  for (std::string const& path : paths.writable)
    if (!allow(ruleset.number, path, write_rights)) return std::unexpected(system_text(path));
  if (::syscall(SYS_landlock_restrict_self, ruleset.number, 0) != 0)
    return std::unexpected(system_text("landlock_restrict_self"));
  return "";
}

bool is_for_sanitizers(std::string_view call) {
  return call == "ptrace" || call == "fork" || call == "execve";
}

/// `call` fails with EPERM when these bits of an argument are exactly so.
bool forbid_when(scmp_filter_ctx filter, int call, scmp_arg_cmp condition) {
  return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), call, 1, &condition) == 0;
}

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

bool fill(scmp_filter_ctx filter) {
  bool good = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0;
  for (char const* const name : forbidden_calls) {
    int const call = seccomp_syscall_resolve_name(name);
    // Another processor may not have it.
    if (call < 0 || (under_sanitizer && is_for_sanitizers(name))) continue;
    good = good && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0) == 0;
  }
  // Threads, but no processes. clone3 hides its flags behind a pointer: glibc then takes clone.
  good = good && seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
  if (!under_sanitizer)
    good = good && forbid_when(filter, SCMP_SYS(clone), {0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0});
  // Memory that is written is never run.
  constexpr std::uint64_t both = PROT_WRITE | PROT_EXEC;
  for (int const call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
    good = good && forbid_when(filter, call, {2, SCMP_CMP_MASKED_EQ, both, both});
  return good;
}

std::expected<std::string, std::string> confine_calls() {
  if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) return "this kernel has no seccomp";
  Filter const filter{seccomp_init(SCMP_ACT_ALLOW), seccomp_release};
  if (filter == nullptr || !fill(filter.get())) return std::unexpected("seccomp: no such rule");
  int const failed = seccomp_load(filter.get());
  if (failed == 0) return "";
  errno = -failed;
  return std::unexpected(system_text("seccomp"));
}

std::size_t threads_now() {
  std::error_code error;
  auto const tasks = fs::directory_iterator{"/proc/self/task", error};
  return error ? 1 : static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}
}  // namespace

AllowedPaths allowed_paths(Config const& config) {
  AllowedPaths out;
  out.readable.assign(system_paths.begin(), system_paths.end());
  // Where it is a link, a new target beside the old one is read too.
  out.readable.push_back(fs::path{normal("/etc/resolv.conf")}.parent_path().string());
  if (out.readable.back() == "/etc") out.readable.pop_back();
  // Where OpenSSL looks for authorities, which delivery loads when it first needs them.
  for (char const* const variable :
       {X509_get_default_cert_file_env(), X509_get_default_cert_dir_env()}) {
    if (char const* const named = std::getenv(variable)) out.readable.emplace_back(named);
  }
  if (!config.dns.trust_anchor.empty()) out.readable.push_back(config.dns.trust_anchor);
  out.writable = {"/dev/null", config.data_dir};
  fs::path const socket{config.admin_socket_path()};
  if (!is_below(socket.string(), config.data_dir))
    out.writable.push_back(socket.parent_path().string());
  constexpr std::string_view maildir = "maildir:";
  for (DomainConfig const& domain : config.domains) {
    if (!domain.deliver.starts_with(maildir)) continue;
    out.writable.push_back(fixed_part(std::string_view{domain.deliver}.substr(maildir.size())));
  }
  for (std::string& path : out.writable) path = normal(path);
  return out;
}

std::vector<std::string> not_allowed(AllowedPaths const& now, AllowedPaths const& next) {
  std::vector<std::string> out;
  for (std::string const& path : next.writable) {
    bool const inside = std::ranges::any_of(
        now.writable, [&](std::string const& folder) { return is_below(path, folder); });
    if (!inside) out.push_back(path);
  }
  return out;
}

std::expected<Confined, std::string> confine(AllowedPaths const& paths) {
  if (!under_sanitizer && threads_now() != 1)
    return std::unexpected("a thread exists already: it would stay free");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return std::unexpected(system_text("PR_SET_NO_NEW_PRIVS"));
  // A Maildir's folder must exist to be allowed; who may not make it is told at the delivery.
  for (std::string const& path : paths.writable) {
    std::error_code ignored;
    fs::create_directories(path, ignored);
  }
  auto files = confine_files(paths);
  if (!files) return std::unexpected(files.error());
  auto calls = confine_calls();
  if (!calls) return std::unexpected(calls.error());
  return Confined{std::move(*files), std::move(*calls)};
}
}  // namespace pb::app
