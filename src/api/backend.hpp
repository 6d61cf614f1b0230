// backend.hpp: what the questions of the admin socket are answered from, with or without a server.
// Spec: docs/reference/admin-api.md.       Not here: the table (router.hpp), opening the store.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "accounts/store.hpp"
#include "api/router.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "delivery/site_pool.hpp"
#include "inbox/captured.hpp"

namespace pb::runtime {
class QueueDesk;
class RocksStore;
}  // namespace pb::runtime

namespace pb::api {
/// The next hops that mail for a domain shares, and what limits them now.
struct SiteNow {
  std::string site;
  delivery::SiteView view;
};

/// Pointers are borrowed and outlive the router; null: not here (then 503 and what to do).
struct Backend {
  Clock const* clock = nullptr;
  Random* random = nullptr;
  accounts::Store* accounts = nullptr;
  inbox::CapturedStore* captured = nullptr;
  runtime::QueueDesk* queue = nullptr;
  runtime::RocksStore* store = nullptr;
  /// Domains that mail comes in for; empty: not known, not checked.
  std::function<std::vector<std::string>()> our_domains = [] { return std::vector<std::string>{}; };
  /// After an account was written: a running server reads them anew, and forgets cached logins of
  /// the account that is named (empty: none).
  std::function<void(std::string const& forget)> accounts_changed = [](std::string const&) {};
  /// What limits the way to a domain now. Empty: nothing is sent from here.
  std::function<std::optional<SiteNow>(std::string const& domain)> site_of;
  /// Only with a running server; empty: without one.
  std::function<Response()> reload;
  std::function<json::object()> health;
};

void add_inbox(Router& router, Backend backend);
void add_users(Router& router, Backend backend);
void add_queue(Router& router, Backend backend);
void add_server(Router& router, Backend backend);
void add_store(Router& router, Backend backend);
/// All of them. Further kinds of questions (queue, journal) add a line here.
Router make_router(Backend const& backend);
}  // namespace pb::api
