// router.hpp: what can be asked of a Packetboat over its admin socket, as one table.
// Spec: docs/reference/admin-api.md.                            Tests: router_test.cpp
// Not here: HTTP (runtime/admin_server), words for people (cli/).
//
// The same router answers with a running server (over the socket) and without one (called by the
// command line itself, on a store that it opened): so both ways give the same output.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/admin_server.hpp"

namespace pb::api {
namespace asio = boost::asio;
namespace json = boost::json;

/// A question, with its target taken apart and unescaped.
struct Request {
  std::string method;
  std::vector<std::string> path;             // "/inbox/q7ka2/raw" -> inbox, q7ka2, raw
  std::map<std::string, std::string> query;  // the last of equal names
  json::value body;                          // null: none
  runtime::AdminPeer peer;
  [[nodiscard]] std::string query_or(std::string const& name, std::string_view fallback) const;
};

struct Response {
  unsigned status = 200;
  json::value body;
  std::string text;          // instead of `body`, with content_type
  std::string content_type;  // empty: JSON
  static Response ok(json::value body) { return {200, std::move(body), {}, {}}; }
  /// {"error": "..."}: one sentence that says what to do.
  static Response failure(unsigned status, std::string_view text);
};

/// For handlers that need not wait.
asio::awaitable<Response> one_answer(Response response);

using Handler = std::function<asio::awaitable<Response>(Request)>;

/// "GET", "/inbox/*/raw": `*` takes one word of the path.
struct Endpoint {
  std::string method;
  std::string pattern;
  Handler handler;
};

class Router {
 public:
  void add(std::string method, std::string pattern, Handler handler);
  /// 404 for an unknown path, 405 for an unknown method on a known one, 400 for a body that is no
  /// JSON; 500 (and the text in the log) when a handler threw.
  asio::awaitable<runtime::AdminResponse> handle(runtime::AdminRequest request) const;
  [[nodiscard]] std::vector<Endpoint> const& endpoints() const { return endpoints_; }

 private:
  [[nodiscard]] Endpoint const* find(Request const& request, unsigned& status) const;
  std::vector<Endpoint> endpoints_;
};

/// Fills in method, path, query and body; false: the body or an escape is malformed.
bool take_apart(runtime::AdminRequest const& raw, Request& request);
/// For a path or a query: everything but unreserved characters as %XX (RFC 3986 §2.3).
std::string escape_url(std::string_view text);
}  // namespace pb::api
