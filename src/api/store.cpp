// store.cpp: questions about the store: check, repair, backup, export, compact.
// Spec: docs/reference/admin-api.md "/store".            Tests: tests/end_to_end/store_test.py
// Not here: what is done (runtime/store_care, runtime/rocks_store), words for people (cli/).
#include <boost/json.hpp>
#include <filesystem>
#include <memory>

#include "api/backend.hpp"
#include "runtime/rocks_store.hpp"
#include "runtime/storage_pool.hpp"
#include "runtime/store_care.hpp"

namespace pb::api {
namespace {
namespace json = boost::json;
using runtime::RocksStore;
using Work = std::function<Response(RocksStore&, Request const&)>;

Response failed(std::string_view why) { return Response::failure(500, why); }

Response check(RocksStore& store, Request const&) {
  runtime::StoreFindings const found = runtime::check_store(store);
  json::array damages;
  for (auto const& damage : found.damages) damages.push_back(json::string{damage.text});
  return Response::ok({{"data_dir", store.data_dir()},
                       {"format", runtime::store_format},
                       {"messages", found.messages},
                       {"recipients", found.recipients},
                       {"captured", found.captured},
                       {"octets", found.octets},
                       {"body_files", found.body_files},
                       {"loose_files", found.loose_files},
                       {"journal_entries", found.journal_entries},
                       {"accounts", found.accounts},
                       {"damages", std::move(damages)}});
}

Response repair(RocksStore& store, Request const&) {
  auto const done = runtime::repair_store(store);
  if (!done) return failed(done.error());
  json::array what;
  for (std::string const& one : done->what) what.push_back(json::string{one});
  return Response::ok(
      {{"removed", done->removed}, {"what", std::move(what)}, {"saved_in", done->saved_in}});
}

/// The directory that the body names; empty: none, or not from the root.
std::string directory_in(Request const& request) {
  json::object const* const body = request.body.if_object();
  json::value const* const named = body == nullptr ? nullptr : body->if_contains("directory");
  bool const good = named != nullptr && named->is_string() && named->as_string().starts_with('/');
  return good ? std::string{named->as_string()} : std::string{};
}
Response no_directory() {
  return Response::failure(400, "\"directory\" must be a path from the root");
}

/// A server that is confined, or has another user than who asks, may not write everywhere: then a
/// directory of data_dir, from where the asker moves it.
std::string place_for(RocksStore const& store, std::string const& wanted) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path const named{wanted};
  fs::path const folder = fs::exists(named, error) ? named : named.parent_path();
  fs::path const tried = folder / ".packetboat-may-write";
  if (fs::create_directory(tried, error)) {
    fs::remove(tried, error);
    return wanted;
  }
  return store.data_dir() + "/taken-out-" + named.filename().string();
}

Response backup(RocksStore& store, Request const& request) {
  if (directory_in(request).empty()) return no_directory();
  std::string const directory = place_for(store, directory_in(request));
  if (auto const done = store.backup(directory); !done) return failed(done.error());
  return Response::ok({{"directory", directory}});
}

Response export_eml(RocksStore& store, Request const& request) {
  if (directory_in(request).empty()) return no_directory();
  std::string const directory = place_for(store, directory_in(request));
  auto const done = runtime::export_messages(store, directory);
  if (!done) return failed(done.error());
  return Response::ok(
      {{"directory", directory}, {"messages", done->messages}, {"unreadable", done->unreadable}});
}

Response compact(RocksStore& store, Request const&) {
  if (auto const done = store.compact(); !done) return failed(done.error());
  return Response::ok(json::object{{"done", true}});
}

/// All blocks for long: not on the admin thread.
asio::awaitable<Response> in_pool(std::shared_ptr<runtime::StoragePool> pool, RocksStore* store,
                                  Work work, Request request) {
  if (store == nullptr) co_return Response::failure(503, "there is no store here");
  Response response;
  bool const taken = co_await pool->run([&] { response = work(*store, request); });
  if (!taken) co_return Response::failure(503, "others look at the store already: ask again later");
  co_return response;
}
}  // namespace

void add_store(Router& router, Backend backend) {
  auto const pool = std::make_shared<runtime::StoragePool>(1, 4);  // shared by the handlers
  auto const handler = [&](Work work) -> Handler {
    return [pool, store = backend.store, work = std::move(work)](Request request) {
      return in_pool(pool, store, work, std::move(request));
    };
  };
  router.add("GET", "/store/check", handler(check));
  router.add("POST", "/store/backup", handler(backup));
  router.add("POST", "/store/export", handler(export_eml));
  router.add("POST", "/store/compact", handler(compact));
  bool const has_server = static_cast<bool>(backend.health);
  router.add("POST", "/store/repair",
             handler([has_server](RocksStore& store, Request const& asked) {
               if (!has_server) return repair(store, asked);
               return Response::failure(409, "a server runs with this store: stop it first");
             }));
}
}  // namespace pb::api
