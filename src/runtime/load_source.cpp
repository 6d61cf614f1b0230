// load_source.cpp: see load_source.hpp. A thread a connection: it measures a server, not itself.
// Spec: RFC 5321 §4.1.1; MAIL, RCPT and DATA in one write where PIPELINING is offered (RFC 2920).
// Tests: tests/end_to_end/bench_test.py
#include "runtime/load_source.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <mutex>
#include <thread>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "runtime/talk_line.hpp"

namespace pb::runtime {
using advisor::Millis;
using Clock = std::chrono::steady_clock;
namespace {
constexpr Millis reply_wait{30'000};
constexpr unsigned failures_max = 10;
constexpr unsigned sessions_max = 64;

struct Shared {
  LoadSettings const& settings;
  TrustStore store;
  std::string body;
  std::atomic<std::int64_t> left;
  std::mutex mutex;
  LoadResult result;
};

std::string body_of(std::size_t octets) {
  std::string const line = std::string(70, 'x') + "\r\n";
  std::string out = "From: <load@bench.test>\r\nSubject: load\r\n\r\n";
  while (out.size() < octets) out += line;
  return out + ".\r\n";
}

/// One connection from its greeting on.
class Session {
 public:
  Session(Shared& shared, TalkLine line) : shared_{shared}, line_{std::move(line)} {}
  bool begin();
  enum class Sent : std::uint8_t { yes, refused, broken };
  Sent send();
  void quit() { line_.send("QUIT\r\n") && reply(); }
  [[nodiscard]] std::string const& problem() const { return last_; }

 private:
  /// The code's first digit; 0: none came.
  int reply();
  bool ask(std::string const& command, int digit) {
    return line_.send(command + "\r\n") && reply() == digit;
  }
  bool greet();
  bool secure();

  Shared& shared_;
  TalkLine line_;
  std::string last_;
  bool pipelining_ = false;
};

int Session::reply() {
  auto const lines = line_.read_reply(reply_wait);
  last_ = lines ? lines->back() : "no reply";
  if (!lines) return 0;
  for (auto const& line : *lines) {
    pipelining_ = pipelining_ || ascii::to_upper(line).ends_with("PIPELINING");
  }
  return last_.empty() ? 0 : last_[0] - '0';
}

bool Session::greet() { return ask("EHLO [127.0.0.1]", 2); }

bool Session::secure() {
  auto const facts =
      line_.start_tls(shared_.store, shared_.settings.host, std::time(nullptr), reply_wait);
  bool const good = facts.verified();
  if (!good) last_ = "TLS failed, or the certificate is not valid";
  return good;
}

bool Session::begin() {
  auto const& settings = shared_.settings;
  bool const implicit = settings.security == advisor::Security::implicit_tls;
  if (implicit && !secure()) return false;
  if (reply() != 2 || !greet()) return false;
  if (settings.security == advisor::Security::starttls &&
      (!ask("STARTTLS", 2) || line_.anything_left() || !secure() || !greet())) {
    return false;
  }
  if (settings.user.empty()) return true;
  std::string const response =
      std::string{'\0'} + settings.user + std::string{'\0'} + settings.password;
  return ask("AUTH PLAIN " + base64_encode(response), 2);
}

Session::Sent Session::send() {
  auto const& settings = shared_.settings;
  std::string const commands[] = {"MAIL FROM:<" + settings.from + ">\r\n",
                                  "RCPT TO:<" + settings.to + ">\r\n", "DATA\r\n"};
  if (pipelining_ && !line_.send(commands[0] + commands[1] + commands[2])) return Sent::broken;
  Sent outcome = Sent::yes;
  std::string refusal;
  int code = 0;
  for (auto const& command : commands) {
    if (!pipelining_ && outcome == Sent::yes && !line_.send(command)) return Sent::broken;
    if (!pipelining_ && outcome != Sent::yes) break;
    code = reply();
    if (code == 0) return Sent::broken;
    if (code > 3 && outcome == Sent::yes) {
      outcome = Sent::refused;
      refusal = last_;
    }
  }
  if (code == 3) {
    // After a refused recipient DATA may still be accepted: then nothing is sent.
    bool const whole = outcome == Sent::yes;
    if (!line_.send(whole ? shared_.body : ".\r\n")) return Sent::broken;
    code = reply();
    if (code == 0) return Sent::broken;
    if (code > 3 && whole) return Sent::refused;
  }
  if (outcome == Sent::yes) return Sent::yes;
  ask("RSET", 2);
  last_ = refusal;
  return outcome;
}

void note(Shared& shared, std::string const& problem) {
  std::scoped_lock lock{shared.mutex};
  if (shared.result.first_problem.empty()) shared.result.first_problem = problem;
}

/// Until no message is left. Results are gathered once, at the end.
void work(Shared& shared) {
  LoadResult mine;
  unsigned failures = 0;
  while (failures < failures_max && shared.left > 0) {
    auto line = TalkLine::open(shared.settings.host, shared.settings.port);
    if (!line) {
      ++failures;
      ++mine.broken;
      note(shared, line.error());
      continue;
    }
    Session session{shared, std::move(*line)};
    if (!session.begin()) {
      ++failures;
      ++mine.broken;
      note(shared, session.problem());
      continue;
    }
    bool open = true;
    for (std::uint64_t i = 0; open && (shared.settings.each == 0 || i < shared.settings.each);
         ++i) {
      if (shared.left.fetch_sub(1) <= 0) break;
      auto const start = Clock::now();
      auto const sent = session.send();
      std::chrono::duration<double, std::milli> const took = Clock::now() - start;
      open = sent != Session::Sent::broken;
      failures = sent == Session::Sent::yes ? 0 : failures + 1;
      mine.sent += sent == Session::Sent::yes ? 1U : 0U;
      mine.refused += sent == Session::Sent::refused ? 1U : 0U;
      mine.broken += open ? 0U : 1U;
      if (sent == Session::Sent::yes) mine.milliseconds.push_back(took.count());
      if (sent != Session::Sent::yes) note(shared, session.problem());
      if (failures >= failures_max) break;
    }
    if (open) session.quit();
  }
  std::scoped_lock lock{shared.mutex};
  auto& all = shared.result;
  all.sent += mine.sent;
  all.refused += mine.refused;
  all.broken += mine.broken;
  all.milliseconds.insert(all.milliseconds.end(), mine.milliseconds.begin(),
                          mine.milliseconds.end());
}
}  // namespace

LoadResult run_load(LoadSettings const& settings) {
  Shared shared{.settings = settings,
                .store = TrustStore{settings.ca_file},
                .body = body_of(settings.octets),
                .left = static_cast<std::int64_t>(settings.messages),
                .mutex = {},
                .result = {}};
  auto const start = Clock::now();
  std::vector<std::thread> threads;
  unsigned const sessions = std::clamp(settings.sessions, 1U, sessions_max);
  for (unsigned i = 0; i < sessions; ++i) threads.emplace_back([&shared] { work(shared); });
  for (auto& thread : threads) thread.join();
  shared.result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::ranges::sort(shared.result.milliseconds);
  return std::move(shared.result);
}

double percentile(std::vector<double> const& sorted, double share) {
  if (sorted.empty()) return 0;
  auto const last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(share * last + 0.5)];
}
}  // namespace pb::runtime
