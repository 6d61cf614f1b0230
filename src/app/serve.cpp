// serve.cpp: runs a server from a configuration until it is told to stop: top to bottom.
// Spec: ARCHITECTURE.md decision 8 (start order).              Tests: tests/end_to_end
// Not here: the command line (cli/serve), each part (runtime/, queue/, delivery/).
#include "app/serve.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <mutex>
#include <thread>

#include "app/confinement.hpp"
#include "app/notify.hpp"
#include "app/parts.hpp"
#include "app/privileges.hpp"
#include "app/server_settings.hpp"
#include "app/signals.hpp"
#include "runtime/log_writer.hpp"
#include "runtime/server.hpp"
#include "runtime/system.hpp"

namespace pb::app {
namespace {
namespace json = boost::json;
using Kind = ServeFailure::Kind;
using Started = std::expected<void, ServeFailure>;

std::unexpected<ServeFailure> failed(Kind kind, std::string text) {
  return std::unexpected(ServeFailure{kind, std::move(text)});
}

std::string all_errors(std::vector<Problem> const& problems) {
  std::string text;
  for (Problem const& problem : problems) {
    if (problem.severity == Severity::error) text += "\n  " + problem.line();
  }
  return "the configuration cannot be used:" + text;
}

std::string joined(std::vector<std::string> const& words) {
  std::string text;
  for (std::string const& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

runtime::LogWriterOptions log_options(ServeOptions const& options, LogConfig const& config) {
  runtime::LogWriterOptions out;
  bool const human = config.format == LogFormat::human ||
                     (config.format == LogFormat::automatic && options.log_to_terminal);
  out.form = human ? runtime::LogForm::human : runtime::LogForm::json;
  out.colour = human && options.log_colour;
  out.level = config.level;
  return out;
}

std::string port_advice(ServeOptions const& options) {
  if (!options.sandbox) return "";
  return "\nAnother sandbox may run already (packetboat health). Or take other ports: "
         "--port-relay, "
         "--port-submission, --port-submissions, --port-alt";
}

/// A server from start to end. Members in the order of starting: destroyed from the last.
class Running {
 public:
  Running(ServeOptions const& options, LoadedConfig loaded)
      : options_{options},
        loaded_{std::move(loaded)},
        log_{clock_, log_options(options, loaded_.config->log)} {}

  /// Everything up to the first answered connection; the order is decision 8's.
  Started start() {
    Config const& config = *loaded_.config;
    log_problems(loaded_.problems);
    if (auto made = make_data_dir(config.data_dir, config.user); !made)
      return failed(Kind::data, made.error());
    bool const drops_root = ::geteuid() == 0 && !config.user.empty();
    bool const confines = config.confine && !config.sandbox;
    auto keeper = Keeper::start(config.file, drops_root || confines);
    if (!keeper) return failed(Kind::system, keeper.error());
    keeper_ = std::move(*keeper);
    server_.emplace(server_settings(loaded_, {}), log_, clock_,
                    runtime::ServerOptions{config.threads, [this](Endpoint const& address) {
                                             return keeper_->listen(address);
                                           }});
    auto const inherited = runtime::inherited_sockets();
    if (auto bound = server_->bind(inherited); !bound)
      return failed(Kind::ports, bound.error() + port_advice(options_));
    if (auto become_user = become(config.user); !become_user)
      return failed(Kind::system, become_user.error());
    // Before the store is opened: who asks while it opens is answered when it is open, and not told
    // that the data directory is in use.
    admin_.emplace(runtime::AdminOptions{.path = config.admin_socket_path()}, log_);
    if (auto bound = admin_->bind(); !bound) return failed(Kind::data, bound.error());
    if (auto confined = confine_us(config); !confined) return confined;
    log_.start();  // the first thread
    return start_parts();
  }

  /// Until it is told to stop, and has stopped.
  void run() {
    for (;;) {
      switch (signals_.wait()) {
        case Signals::Event::reload:
          std::ignore = reload();
          break;
        case Signals::Event::stop:
          stop();
          break;
        case Signals::Event::ended:
          return end();
      }
    }
  }

 private:
  Started confine_us(Config const& config) {
    if (!config.confine) return {};
    allowed_ = allowed_paths(config);
    auto confined = confine(allowed_);
    if (!confined) return failed(Kind::system, confined.error());
    for (std::string const& missing : {confined->files_missing, confined->calls_missing})
      if (!missing.empty()) log_.warning("not-confined", {{"why", missing}});
    return {};
  }

  Started start_parts() {
    // Its own: a reload may come as soon as the admin socket answers.
    std::shared_ptr<Config const> const config = loaded_.config;
    auto parts = Parts::open(loaded_, clock_, log_);
    if (!parts) return failed(Kind::data, parts.error());
    parts_ = std::move(*parts);
    if (auto ready = server_->reload(server_settings(loaded_, parts_->services())); !ready)
      return failed(Kind::system, ready.error());
    api::Backend backend = parts_->backend();
    backend.reload = [this] { return answer_reload(); };
    backend.health = [this] { return health(); };
    router_ = api::make_router(backend);
    server_->start();
    admin_->start(
        [this](runtime::AdminRequest request) { return router_.handle(std::move(request)); });
    notify_systemd("READY=1");
    for (ListenerConfig const& one : config->listeners)
      log_.info("listening", {{"role", std::string{name_of(one.role)}},
                              {"address", one.address.text()},
                              {"security", std::string{name_of(one.security)}}});
    options_.announce(*config);
    return {};
  }

  struct Reloaded {
    bool good = false;
    std::string message;
  };

  /// The whole configuration is read and checked; then everything changes, or nothing.
  Reloaded reload() {
    std::lock_guard const lock{reload_mutex_};
    if (options_.sandbox) return {false, "the sandbox has no configuration to reload"};
    notify_reloading();
    Reloaded const result = apply(keeper_->load());
    notify_systemd("READY=1");
    if (result.good)
      log_.info("reloaded", {{"what", result.message}});
    else
      log_.error("reload-refused", {{"why", result.message}});
    return result;
  }

  Reloaded apply(LoadedConfig next) {
    log_problems(next.problems);
    if (!next.config) return {false, all_errors(next.problems)};
    std::vector<std::string> const fixed = not_reloadable(*loaded_.config, *next.config);
    if (!fixed.empty())
      return {false, "nothing was changed: " + joined(fixed) + " can only change at a restart"};
    std::vector<std::string> const outside =
        loaded_.config->confine ? not_allowed(allowed_, allowed_paths(*next.config))
                                : std::vector<std::string>{};
    if (!outside.empty())
      return {false, "nothing was changed: to write to " + joined(outside) +
                         " needs a restart (confine = true)"};
    std::vector<std::string> const what = changed(*loaded_.config, *next.config);
    // New parts first: the listening server hands them to its sessions, or refuses and all goes
    // back.
    if (auto parts = parts_->reload(next); !parts)
      return {false, "nothing was changed: " + parts.error()};
    if (auto served = server_->reload(server_settings(next, parts_->services())); !served) {
      std::ignore = parts_->reload(loaded_);
      return {false, "nothing was changed: " + served.error()};
    }
    log_.set_level(next.config->log.level);
    loaded_ = std::move(next);
    return {true, what.empty() ? "nothing had changed but perhaps certificates, read anew"
                               : "changed: " + joined(what)};
  }

  api::Response answer_reload() {
    Reloaded const result = reload();
    if (!result.good) return api::Response::failure(422, result.message);
    return api::Response::ok({{"message", result.message}});
  }

  json::object health() const {
    json::object out{{"status", stopping_ ? "stopping" : "ok"},
                     {"sessions", server_->open_sessions()},
                     {"log_lines_dropped", log_.dropped()}};
    parts_->health(out);
    return out;
  }

  void stop() {
    if (stopping_) {
      log_.warning("stopping-at-once", {});
      return server_->stop();
    }
    stopping_ = true;
    notify_systemd("STOPPING=1");
    log_.info("stopping", {{"sessions", std::to_string(server_->open_sessions())}});
    server_->drain();
    waiter_ = std::jthread{[this] {
      server_->wait();
      signals_.end();
    }};
  }

  void end() {
    waiter_.join();
    admin_->stop();
    parts_->stop();
    log_.info("stopped", {});
  }

  void log_problems(std::vector<Problem> const& problems) {
    for (Problem const& problem : problems) {
      LogLevel const level =
          problem.severity == Severity::error ? LogLevel::error : LogLevel::warning;
      LogField const fields[]{{"text", problem.line()}};
      log_.write(level, "configuration", fields);
    }
  }

  ServeOptions const& options_;
  Signals signals_;
  runtime::SystemClock clock_;
  LoadedConfig loaded_;
  runtime::LogWriter log_;
  std::unique_ptr<Keeper> keeper_;
  AllowedPaths allowed_;
  std::unique_ptr<Parts> parts_;  // outlives the sessions that use it
  std::optional<runtime::Server> server_;
  api::Router router_;
  std::optional<runtime::AdminServer> admin_;
  std::mutex reload_mutex_;  // SIGHUP and the admin socket may both ask
  std::atomic<bool> stopping_ = false;
  std::jthread waiter_;
};
}  // namespace

std::expected<void, ServeFailure> serve(ServeOptions const& options) {
  LoadedConfig loaded;
  if (options.sandbox) {
    auto made = sandbox_config(*options.sandbox, runtime::SystemClock{}.now());
    if (!made) return failed(Kind::data, made.error());
    loaded = std::move(*made);
  } else {
    loaded = load_with_files(options.config_file);
    if (!loaded.config) return failed(Kind::configuration, all_errors(loaded.problems));
  }
  Running running{options, std::move(loaded)};
  if (auto started = running.start(); !started) return started;
  running.run();
  return {};
}
}  // namespace pb::app
