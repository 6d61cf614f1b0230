// bench_server.hpp: the listening server with services that take everything and keep nothing, in a
// process of its own, so that its memory and CPU can be read from outside.
// Spec: none.                               Not here: what is measured (idle_sessions, ...).
#pragma once

#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include "runtime/certificates.hpp"
#include "runtime/server.hpp"
#include "runtime/system.hpp"

namespace pb::bench {
namespace asio = runtime::asio;

class OpenJudge final : public runtime::Judge {
 public:
  smtp::server::PeerFacts classify(smtp::server::PeerFacts peer) const override { return peer; }
  asio::awaitable<smtp::server::Verdict> judge(smtp::server::Stage,
                                               smtp::server::SessionFacts const&) override {
    co_return smtp::server::Verdict{};
  }
};

class OpenAuthenticator final : public runtime::Authenticator {
 public:
  asio::awaitable<sasl::Answer> answer(sasl::Question question,
                                       smtp::server::SessionFacts const&) override {
    auto const* check = std::get_if<sasl::PasswordCheck>(&question);
    co_return check != nullptr ? sasl::Answer{sasl::Granted{check->user}} : sasl::Denied{};
  }
  Duration failure_delay(smtp::server::SessionFacts const&) override { return Duration{0}; }
};

/// Holds a message in memory until it is committed, as a store must, and then lets it go.
class ForgetfulIntake final : public runtime::Intake {
 public:
  struct Sink final : runtime::BodySink {
    std::optional<smtp::server::SinkAnswer> append(std::string_view bytes) override {
      body += bytes;
      return smtp::server::SinkAnswer::ok;
    }
    asio::awaitable<smtp::server::SinkAnswer> settle() override {
      co_return smtp::server::SinkAnswer::ok;
    }
    std::string body;
  };
  QueueId make_id() override { return QueueId{++ids_}; }
  std::unique_ptr<runtime::BodySink> open_body(QueueId) override {
    return std::make_unique<Sink>();
  }
  asio::awaitable<smtp::server::CommitAnswer> commit(runtime::AcceptedMessage message) override {
    co_return smtp::server::CommitAnswer{smtp::server::CommitResult::durable, message.id};
  }

 private:
  std::atomic<std::uint64_t> ids_{0};
};

struct Ports {
  std::uint16_t relay = 0;
  std::uint16_t submission = 0;
  std::uint16_t submissions = 0;
};

inline runtime::ListenerSettings bench_listener(smtp::server::Role role) {
  auto session = std::make_shared<smtp::server::Settings>();
  session->hostname = "bench.test";
  session->role = role;
  session->starttls_offered = true;
  session->auth_offered = true;
  session->auth_in_clear = true;  // so that clear and encrypted sessions do the same work
  session->mechanisms = {sasl::MechanismName::plain};
  session->idle_wait = std::chrono::minutes{30};
  runtime::ListenerSettings listener;
  listener.address = *Endpoint::parse("127.0.0.1:0");
  listener.role = role;
  listener.session = session;
  return listener;
}

/// The server in a child process; ends with this object.
class BenchServer {
 public:
  explicit BenchServer(runtime::CertificatePair const& certificate) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("pipe");
    child_ = ::fork();
    if (child_ < 0) throw std::runtime_error("fork");
    if (child_ == 0) run(certificate, ends[1]);
    ::close(ends[1]);
    if (::read(ends[0], &ports_, sizeof ports_) != sizeof ports_) {
      throw std::runtime_error("the server did not start");
    }
    ::close(ends[0]);
  }
  ~BenchServer() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  BenchServer(BenchServer const&) = delete;
  BenchServer& operator=(BenchServer const&) = delete;
  [[nodiscard]] Ports ports() const { return ports_; }
  [[nodiscard]] pid_t pid() const { return child_; }

 private:
  [[noreturn]] static void run(runtime::CertificatePair const& certificate, int answer) {
    NullLog log;
    runtime::SystemClock clock;
    auto settings = std::make_shared<runtime::ServerSettings>();
    using enum smtp::server::Role;
    for (auto role : {relay, submission, submissions}) {
      settings->listeners.push_back(bench_listener(role));
    }
    settings->tls.certificates = {
        {{}, certificate.certificate_pem, certificate.key_pem, "bench certificate"}};
    settings->services = {std::make_shared<OpenJudge>(), std::make_shared<OpenAuthenticator>(),
                          std::make_shared<ForgetfulIntake>()};
    runtime::Server server{settings, log, clock, {}};
    auto bound = server.bind();
    if (!bound) ::_exit(1);
    server.start();
    Ports ports{server.local_endpoint(0).port, server.local_endpoint(1).port,
                server.local_endpoint(2).port};
    if (::write(answer, &ports, sizeof ports) != sizeof ports) ::_exit(1);
    server.wait();
    ::_exit(0);
  }
  pid_t child_ = -1;
  Ports ports_;
};

/// Seconds of CPU, user and system, that a process has used so far.
inline double cpu_seconds(pid_t process) {
  clockid_t id{};
  timespec time{};
  if (::clock_getcpuclockid(process, &id) != 0 || ::clock_gettime(id, &time) != 0) {
    throw std::runtime_error("cannot read the CPU time of the server");
  }
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// KiB of proportional set size.
inline double pss_kib(pid_t process) {
  std::ifstream file{fmt::format("/proc/{}/smaps_rollup", process)};
  std::string word;
  while (file >> word) {
    if (word != "Pss:") continue;
    double kib = 0;
    file >> kib;
    return kib;
  }
  throw std::runtime_error("cannot read the memory of the server");
}

inline runtime::CertificatePair bench_certificate() {
  auto now = runtime::SystemClock{}.now() - std::chrono::hours{1};
  auto ca = runtime::make_ca("Bench CA", now, std::chrono::days{2});
  runtime::LeafRequest request;
  request.dns_names = {"bench.test"};
  request.not_before = now;
  request.validity = std::chrono::days{1};
  auto leaf = ca ? runtime::make_leaf(*ca, request) : ca;
  if (!leaf) throw std::runtime_error(leaf.error());
  return *leaf;
}
}  // namespace pb::bench
