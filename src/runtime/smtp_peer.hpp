// smtp_peer.hpp: runs tests/end_to_end/smtp_peer.py: a real server, not ours, that misbehaves.
// Spec: the script's own header.                     Not here: anything that the program links.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "base/check.hpp"

namespace pb::runtime::testing {
/// Ends with its destructor.
class SmtpPeer {
 public:
  /// `script`: where smtp_peer.py is.
  SmtpPeer(std::string script, std::vector<std::string> arguments) {
    int to_child[2], from_child[2];
    PB_CHECK(pipe2(to_child, O_CLOEXEC) == 0 && pipe2(from_child, O_CLOEXEC) == 0);
    child_ = fork();
    PB_CHECK(child_ >= 0);
    if (child_ == 0) {
      dup2(to_child[0], 0);
      dup2(from_child[1], 1);
      std::vector<char*> argv{const_cast<char*>("python3"), script.data()};
      for (std::string& argument : arguments) argv.push_back(argument.data());
      argv.push_back(nullptr);
      execvp("python3", argv.data());
      _exit(127);
    }
    close(to_child[0]);
    close(from_child[1]);
    stdin_ = to_child[1];
    stdout_ = from_child[0];
    std::string const first = read_line(std::chrono::seconds{20});
    PB_CHECK(first.starts_with("port "));
    port_ = static_cast<std::uint16_t>(std::stoi(first.substr(5)));
  }
  ~SmtpPeer() {
    close(stdin_);
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    close(stdout_);
  }
  SmtpPeer(SmtpPeer const&) = delete;
  SmtpPeer& operator=(SmtpPeer const&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// What it told until now.
  std::vector<boost::json::object> const& events() {
    for (;;) {
      std::string const line = read_line(std::chrono::milliseconds{100});
      if (line.empty()) return events_;
      events_.push_back(boost::json::parse(line).as_object());
    }
  }
  std::vector<boost::json::object> messages() {
    std::vector<boost::json::object> out;
    for (auto const& event : events())
      if (event.at("event") == "message") out.push_back(event);
    return out;
  }
  std::size_t connections() {
    std::size_t count = 0;
    for (auto const& event : events()) count += event.at("event") == "connected" ? 1 : 0;
    return count;
  }
  bool was_told(std::string_view part) {
    for (auto const& event : events())
      if (event.at("event") == "command" &&
          std::string_view{event.at("line").as_string()}.find(part) != std::string_view::npos)
        return true;
    return false;
  }

 private:
  std::string read_line(std::chrono::milliseconds wait) {
    for (;;) {
      auto const end = buffer_.find('\n');
      if (end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return line;
      }
      pollfd readable{stdout_, POLLIN, 0};
      if (poll(&readable, 1, static_cast<int>(wait.count())) <= 0) return {};
      char part[4096];
      auto const got = read(stdout_, part, sizeof part);
      if (got <= 0) return {};
      buffer_.append(part, static_cast<std::size_t>(got));
    }
  }

  pid_t child_ = -1;
  int stdin_ = -1, stdout_ = -1;
  std::uint16_t port_ = 0;
  std::string buffer_;
  std::vector<boost::json::object> events_;
};
}  // namespace pb::runtime::testing
