// tls_handshakes.cpp: what does a new TLS 1.3 session cost our server, against openssl s_server?
// Full handshakes, no resumption, the same key, one run; CPU is user + system of the process.
// Prints both and fails when ours is over 1.25 times the other. Usage: bench_tls_handshakes [COUNT]
// Not here: bytes a second.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bench_client.hpp"
#include "bench_server.hpp"

namespace {
using namespace pb::bench;
constexpr double ratio_max = 1.25;

/// openssl s_server as a child, its standard input held open.
class OtherServer {
 public:
  OtherServer(std::string const& certificate, std::string const& key, std::uint16_t port) {
    if (::pipe(input_) != 0) throw std::runtime_error("pipe");
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(input_[0], 0);
      ::close(input_[1]);
      int nothing = ::open("/dev/null", O_WRONLY);
      ::dup2(nothing, 1);
      ::dup2(nothing, 2);
      std::string where = fmt::format("127.0.0.1:{}", port);
      ::execlp("openssl", "openssl", "s_server", "-quiet", "-accept", where.c_str(), "-cert",
               certificate.c_str(), "-key", key.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(input_[0]);
  }
  ~OtherServer() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    ::close(input_[1]);
  }
  OtherServer(OtherServer const&) = delete;
  OtherServer& operator=(OtherServer const&) = delete;
  [[nodiscard]] pid_t pid() const { return child_; }

 private:
  int input_[2]{};
  pid_t child_ = -1;
};

/// A port that nobody has now.
std::uint16_t free_port() {
  int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  bool bound = ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
               ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(descriptor);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

/// s_server says nothing when it listens: ask until it answers, for 5 s at most.
void wait_until_it_answers(std::uint16_t port) {
  for (int i = 0; i < 500; ++i) {
    try {
      Client client{port};
      return;
    } catch (std::runtime_error const&) {
      ::poll(nullptr, 0, 10);
    }
  }
  throw std::runtime_error("openssl s_server does not answer");
}

void handshake(std::uint16_t port, SSL_CTX* context, bool greeted) {
  Client client{port};
  client.start_tls(context);
  if (greeted) client.expect("220");
  client.close_notify();
}

/// Microseconds of CPU a session; the first sessions warm both up and are not counted.
double cost(pid_t process, std::uint16_t port, std::size_t count, bool greeted) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  for (std::size_t i = 0; i < count / 20 + 1; ++i) handshake(port, context, greeted);
  double before = cpu_seconds(process);
  for (std::size_t i = 0; i < count; ++i) handshake(port, context, greeted);
  double used = cpu_seconds(process) - before;
  SSL_CTX_free(context);
  return used * 1e6 / static_cast<double>(count);
}
}  // namespace

int main(int argument_count, char** arguments) {
  std::size_t count = 5'000;
  if (argument_count > 1) {
    std::string_view text = arguments[1];
    std::from_chars(text.data(), text.data() + text.size(), count);
  }
  ::signal(SIGPIPE, SIG_IGN);
  std::string folder = std::filesystem::temp_directory_path() / "bench-tls-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  auto certificate = bench_certificate();
  std::string const& base = folder;
  std::ofstream{base + "/certificate.pem"} << certificate.certificate_pem;
  std::ofstream{base + "/key.pem"} << certificate.key_pem;
  double ours = 0;
  double other = 0;
  {
    BenchServer server{certificate};
    ours = cost(server.pid(), server.ports().submissions, count, true);
  }
  {
    std::uint16_t port = free_port();
    OtherServer server{base + "/certificate.pem", base + "/key.pem", port};
    wait_until_it_answers(port);
    other = cost(server.pid(), port, count, false);
  }
  std::filesystem::remove_all(base);
  fmt::print("CPU of the server a new TLS 1.3 session, {} full handshakes, ECDSA P-256\n", count);
  fmt::print("  packetboat (with its SMTP greeting)  {:7.1f} us\n", ours);
  fmt::print("  openssl s_server -quiet              {:7.1f} us\n", other);
  fmt::print("  ratio                                {:7.2f}     (at most {:.2f})\n", ours / other,
             ratio_max);
  return ours <= other * ratio_max ? 0 : 1;
}
