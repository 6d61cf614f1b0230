// parts.hpp: what stands behind a listening server: accounts, judge, authenticator, queue, inbox.
// Spec: ARCHITECTURE.md "One message, one direction" 1-3.      Tests: tests/end_to_end
// Not here: the order of starting (serve.cpp), the parts themselves.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "api/backend.hpp"
#include "app/config_files.hpp"
#include "base/log.hpp"
#include "runtime/services.hpp"

namespace pb::app {
/// Made after root is gone; starts threads.
class Parts {
 public:
  /// Opens the store. The error says what to do.
  static std::expected<std::unique_ptr<Parts>, std::string> open(LoadedConfig const& loaded,
                                                                 Clock const& clock, Log& log);
  ~Parts();
  Parts(Parts const&) = delete;
  Parts& operator=(Parts const&) = delete;

  /// For sessions that begin from now on.
  [[nodiscard]] runtime::Services services() const;
  /// Takes over domains, networks and delivery settings; sessions see them at their next question.
  std::expected<void, std::string> reload(LoadedConfig const& loaded);
  /// For the admin socket; reload and health are the server's to add.
  [[nodiscard]] api::Backend backend();
  /// Adds its figures.
  void health(boost::json::object& out) const;
  /// Sends nothing more, settles what is under way. After the server has drained.
  void stop();

 private:
  struct Impl;
  explicit Parts(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};
}  // namespace pb::app
