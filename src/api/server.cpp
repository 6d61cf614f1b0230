// server.cpp: questions about the server itself: health and reload; and all questions together.
// Spec: docs/reference/admin-api.md "/health", "/reload".       Tests: users_test.cpp
// Not here: what reload does (app/serve).
#include "api/backend.hpp"

namespace pb::api {
namespace {
Response no_server() { return Response::failure(503, "no server runs with this data_dir"); }
}  // namespace

void add_server(Router& router, Backend backend) {
  router.add("GET", "/health", [health = backend.health](Request) {
    return one_answer(health ? Response::ok(health()) : no_server());
  });
  router.add("POST", "/reload", [reload = backend.reload](Request) {
    return one_answer(reload ? reload() : no_server());
  });
}

Router make_router(Backend const& backend) {
  Router router;
  add_server(router, backend);
  add_users(router, backend);
  add_inbox(router, backend);
  add_queue(router, backend);
  add_store(router, backend);
  return router;
}
}  // namespace pb::api
