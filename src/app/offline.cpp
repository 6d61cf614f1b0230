// offline.cpp: answers questions of the admin socket from the store, when no server runs.
// Spec: docs/reference/admin-api.md.                      Tests: tests/end_to_end/users_test.py
// Not here: the questions (api/).
#include "app/offline.hpp"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "api/backend.hpp"
#include "app/privileges.hpp"
#include "runtime/account_records.hpp"
#include "runtime/captured_messages.hpp"
#include "runtime/queue_desk.hpp"
#include "runtime/rocks_store.hpp"
#include "runtime/system.hpp"

namespace pb::app {
namespace {
std::string advice(runtime::OpenFailure const& failure, OfflineOptions const& options) {
  if (failure.kind == runtime::OpenFailure::Kind::missing)
    return "there is no mail store in " + options.data_dir +
           ": start a server with  packetboat serve, or name another with --config or --data";
  return failure.text;
}
}  // namespace

std::expected<runtime::AdminResponse, std::string> ask_offline(OfflineOptions const& options,
                                                               runtime::AdminRequest request) {
  if (::geteuid() == 0 && !options.user.empty()) {
    auto ready = make_data_dir(options.data_dir, options.user);
    if (ready) ready = become(options.user);
    if (!ready) return std::unexpected(ready.error());
  }
  runtime::StoreSettings settings;
  settings.data_dir = options.data_dir;
  settings.read_only = options.read_only;
  settings.salvage = options.salvage;
  auto store = runtime::RocksStore::open(std::move(settings));
  if (!store) return std::unexpected(advice(store.error(), options));
  runtime::AccountRecords accounts{**store};
  runtime::CapturedMessages captured{**store, nullptr};
  runtime::QueueDesk desk{**store, nullptr};
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  api::Backend backend;
  backend.clock = &clock;
  backend.random = &random;
  backend.accounts = &accounts;
  backend.captured = &captured;
  backend.queue = &desk;
  backend.store = store->get();
  backend.our_domains = [&options] { return options.our_domains; };
  api::Router const router = api::make_router(backend);
  boost::asio::io_context context{1};
  auto answer =
      boost::asio::co_spawn(context, router.handle(std::move(request)), boost::asio::use_future);
  context.run();
  return answer.get();
}
}  // namespace pb::app
