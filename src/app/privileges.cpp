// privileges.cpp: gives up root for good, and keeps a small child that may still read the files.
// Spec: ARCHITECTURE.md decision 8; setuid(2), prctl(2) PR_SET_NO_NEW_PRIVS.
// Tests: tests/end_to_end/root_test.py               Not here: landlock, seccomp (confinement).
#include "app/privileges.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/bytes.hpp"
#include "runtime/listener.hpp"

namespace pb::app {
namespace {
constexpr std::size_t answer_octets_max = 256 << 20;

std::string system_text(std::string const& what) {
  return what + ": " + std::system_category().message(errno);
}

bool write_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t const sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool read_exactly(int socket, std::string& bytes) {
  std::size_t have = 0;
  while (have < bytes.size()) {
    ssize_t const got = ::recv(socket, bytes.data() + have, bytes.size() - have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    have += static_cast<std::size_t>(got);
  }
  return true;
}

/// The configuration's text, its files, and what could not be read.
std::string packed(LoadedConfig const& loaded, std::string const& toml) {
  ByteWriter out;
  out.string(toml);
  out.varint(loaded.files.size());
  for (auto const& [path, content] : loaded.files) {
    out.string(path);
    out.string(content);
  }
  out.varint(loaded.problems.size());
  for (Problem const& problem : loaded.problems) {
    out.u8(static_cast<std::uint8_t>(problem.severity));
    out.varint(problem.place.line);
    out.varint(problem.place.column);
    out.string(problem.text);
  }
  return out.take();
}

LoadedConfig unpacked(std::string const& file, std::string_view bytes) {
  ByteReader in{bytes};
  std::string const toml{in.string()};
  std::map<std::string, std::string> files;
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    std::string const path{in.string()};
    files[path] = in.string();
  }
  std::vector<Problem> problems;
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    Problem problem;
    problem.severity = static_cast<Severity>(in.u8());
    problem.file = file;
    problem.place.line = static_cast<unsigned>(in.varint());
    problem.place.column = static_cast<unsigned>(in.varint());
    problem.text = in.string();
    problems.push_back(std::move(problem));
  }
  LoadedConfig loaded = loaded_from(file, toml, std::move(files));
  // The child's problems are ours and those of the files: only they say what failed.
  bool failed = !in.ok();
  for (Problem const& problem : problems) failed = failed || problem.severity == Severity::error;
  loaded.problems = std::move(problems);
  if (failed) loaded.config = nullptr;
  return loaded;
}

/// With "0" and the descriptor, or "1" and a sentence.
bool send_socket(int socket, std::expected<int, std::string> const& made) {
  std::string const answer = made ? "0" : "1" + made.error();
  iovec part{const_cast<char*>(answer.data()), answer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (made) {
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &*made, sizeof(int));
  }
  bool const sent = ::sendmsg(socket, &message, MSG_NOSIGNAL) >= 0;
  if (made) ::close(*made);
  return sent;
}

std::expected<int, std::string> receive_socket(int socket) {
  std::array<char, 512> answer{};
  iovec part{answer.data(), answer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  ssize_t const got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (got <= 0) return std::unexpected(std::string{"the process that may bind has ended: restart"});
  if (answer[0] != '0') return std::unexpected(std::string{answer.data() + 1, answer.data() + got});
  cmsghdr const* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS)
    return std::unexpected(std::string{"no socket came from the process that may bind"});
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return descriptor;
}

/// Only what the configuration says now: else whoever takes the server over could listen anywhere.
std::expected<int, std::string> bound_socket(std::string const& config_file,
                                             std::string const& address) {
  auto const loaded = load_config(config_file);
  if (!loaded.config) return std::unexpected(std::string{"the configuration cannot be read"});
  for (ListenerConfig const& one : loaded.config->listeners) {
    if (one.address.text() == address) return runtime::listening_socket(one.address);
  }
  return std::unexpected(address + " is no listener of the configuration");
}

[[noreturn]] void keep(int socket, std::string const& config_file) {
  ::prctl(PR_SET_NAME, "packetboat-keys");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int const ignored : {SIGHUP, SIGINT, SIGTERM, SIGPIPE}) std::signal(ignored, SIG_IGN);
  std::string request(1, '\0');
  while (read_exactly(socket, request)) {
    if (request != "R") {
      std::string address(static_cast<unsigned char>(request[0]), '\0');
      if (!read_exactly(socket, address)) break;
      if (!send_socket(socket, bound_socket(config_file, address))) break;
      continue;
    }
    auto const toml = read_file(config_file, 4 << 20);
    LoadedConfig const loaded = load_with_files(config_file);
    std::string const answer = packed(loaded, toml.value_or(""));
    ByteWriter length;
    length.be32(static_cast<std::uint32_t>(answer.size()));
    if (!write_all(socket, length.bytes()) || !write_all(socket, answer)) break;
  }
  ::_exit(0);
}

LoadedConfig keeper_gone(std::string const& file) {
  return {nullptr,
          {},
          {{Severity::error,
            file,
            {},
            "the process that keeps the right to read it has ended: restart"}}};
}
}  // namespace

std::expected<std::unique_ptr<Keeper>, std::string> Keeper::start(std::string const& config_file,
                                                                  bool loses_rights) {
  std::unique_ptr<Keeper> keeper{new Keeper{config_file}};
  if (!loses_rights) return keeper;
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return std::unexpected(system_text("socketpair"));
  pid_t const child = ::fork();
  if (child < 0) return std::unexpected(system_text("fork"));
  if (child == 0) {
    ::close(ends[0]);
    keep(ends[1], config_file);
  }
  ::close(ends[1]);
  keeper->socket_ = ends[0];
  keeper->child_ = child;
  return keeper;
}

Keeper::~Keeper() {
  if (socket_ < 0) return;
  ::close(socket_);  // the child reads the end and leaves
  ::waitpid(child_, nullptr, 0);
}

LoadedConfig Keeper::load() {
  if (socket_ < 0) return load_with_files(config_file_);
  std::string length(4, '\0');
  if (!write_all(socket_, "R") || !read_exactly(socket_, length)) return keeper_gone(config_file_);
  ByteReader in{length};
  std::size_t const octets = in.be32();
  if (octets > answer_octets_max) return keeper_gone(config_file_);
  std::string answer(octets, '\0');
  if (!read_exactly(socket_, answer)) return keeper_gone(config_file_);
  return unpacked(config_file_, answer);
}

std::expected<int, std::string> Keeper::listen(Endpoint const& address) {
  if (socket_ < 0) return runtime::listening_socket(address);
  // An address takes fewer than 'R' = 82 octets.
  std::string const text = address.text();
  if (!write_all(socket_, std::string(1, static_cast<char>(text.size())) + text))
    return std::unexpected(std::string{"the process that may bind has ended: restart"});
  return receive_socket(socket_);
}

std::expected<void, std::string> become(std::string const& user) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return std::unexpected(system_text("PR_SET_NO_NEW_PRIVS"));
  if (user.empty()) return {};
  passwd const* entry = ::getpwnam(user.c_str());
  if (entry == nullptr)
    return std::unexpected("user: there is no user \"" + user +
                           "\": make it with  useradd --system --no-create-home " + user);
  if (::geteuid() != 0) {
    if (entry->pw_uid == ::geteuid()) return {};
    return std::unexpected("user = \"" + user +
                           "\" needs root at start: start it as root, or as that user");
  }
  uid_t const uid = entry->pw_uid;
  gid_t const gid = entry->pw_gid;
  bool const dropped = ::initgroups(user.c_str(), gid) == 0 && ::setresgid(gid, gid, gid) == 0 &&
                       ::setresuid(uid, uid, uid) == 0;
  if (!dropped) return std::unexpected(system_text("cannot become " + user));
  // It must be impossible to come back.
  if (uid != 0 && ::setuid(0) == 0) return std::unexpected("root could be had again");
  return {};
}

std::expected<void, std::string> make_data_dir(std::string const& path, std::string const& user) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) return {};
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), error);
  if (::mkdir(path.c_str(), 0700) != 0) return std::unexpected(system_text("cannot make " + path));
  passwd const* entry = user.empty() || ::geteuid() != 0 ? nullptr : ::getpwnam(user.c_str());
  if (entry != nullptr && ::chown(path.c_str(), entry->pw_uid, entry->pw_gid) != 0)
    return std::unexpected(system_text(path));
  return {};
}
}  // namespace pb::app
