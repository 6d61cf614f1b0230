// router.cpp: what can be asked of a Packetboat over its admin socket, as one table.
// Spec: docs/reference/admin-api.md; RFC 3986 §2.1, §3.3, §3.4.  Tests: router_test.cpp
// Not here: HTTP (runtime/admin_server), words for people (cli/).
#include "api/router.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <exception>

#include "base/ascii.hpp"
#include "base/encoding.hpp"

namespace pb::api {
namespace {
std::optional<std::string> unescape_url(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '%') {
      out += text.front() == '+' ? ' ' : text.front();
      text.remove_prefix(1);
      continue;
    }
    auto const byte = hex_decode(text.substr(1, 2));
    if (text.size() < 3 || !byte) return std::nullopt;
    out += *byte;
    text.remove_prefix(3);
  }
  return out;
}

bool take_query(std::string_view text, std::map<std::string, std::string>& out) {
  for (std::string_view const part : ascii::split(text, '&')) {
    if (part.empty()) continue;
    std::size_t const equals = part.find('=');
    auto const name = unescape_url(part.substr(0, equals));
    auto const value =
        equals == std::string_view::npos ? std::string{} : unescape_url(part.substr(equals + 1));
    if (!name || !value) return false;
    out[*name] = *value;
  }
  return true;
}

bool matches(std::string_view pattern, std::vector<std::string> const& path) {
  std::vector<std::string_view> const words = ascii::split(pattern.substr(1), '/');
  if (words.size() != path.size()) return false;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] != "*" && words[i] != path[i]) return false;
  return true;
}

runtime::AdminResponse written(Response response) {
  if (!response.content_type.empty())
    return {response.status, std::move(response.text), std::move(response.content_type)};
  return {response.status, json::serialize(response.body) + "\n", "application/json"};
}

asio::awaitable<Response> guarded(Handler const& handler, Request request) {
  std::string thrown;
  try {
    co_return co_await handler(std::move(request));
  } catch (std::exception const& error) {
    thrown = error.what();
  }
  co_return Response::failure(500, "our own fault: " + escape_for_display(thrown));
}
}  // namespace

std::string Request::query_or(std::string const& name, std::string_view fallback) const {
  auto const found = query.find(name);
  return found == query.end() ? std::string{fallback} : found->second;
}

Response Response::failure(unsigned status, std::string_view text) {
  return {status, json::object{{"error", json::string{text}}}, {}, {}};
}

asio::awaitable<Response> one_answer(Response response) { co_return response; }

void Router::add(std::string method, std::string pattern, Handler handler) {
  endpoints_.push_back({std::move(method), std::move(pattern), std::move(handler)});
}

Endpoint const* Router::find(Request const& request, unsigned& status) const {
  status = 404;
  for (Endpoint const& endpoint : endpoints_) {
    if (!matches(endpoint.pattern, request.path)) continue;
    if (endpoint.method == request.method) return &endpoint;
    status = 405;
  }
  return nullptr;
}

asio::awaitable<runtime::AdminResponse> Router::handle(runtime::AdminRequest raw) const {
  Request request;
  if (!take_apart(raw, request))
    co_return written(Response::failure(400, "the request is malformed"));
  unsigned status = 404;
  Endpoint const* endpoint = find(request, status);
  if (endpoint == nullptr)
    co_return written(Response::failure(
        status, status == 404 ? "there is nothing at this path" : "not with this method"));
  co_return written(co_await guarded(endpoint->handler, std::move(request)));
}

bool take_apart(runtime::AdminRequest const& raw, Request& request) {
  request.method = raw.method;
  request.peer = raw.peer;
  std::string_view const target = raw.target;
  std::size_t const mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  if (path.empty() || path.front() != '/') return false;
  for (std::string_view const word : ascii::split(path.substr(1), '/')) {
    auto plain = unescape_url(word);
    if (!plain) return false;
    request.path.push_back(std::move(*plain));
  }
  if (mark != std::string_view::npos && !take_query(target.substr(mark + 1), request.query))
    return false;
  if (raw.body.empty()) return true;
  boost::system::error_code error;
  request.body = json::parse(raw.body, error);
  return !error;
}

std::string escape_url(std::string_view text) {
  std::string out;
  for (char const c : text) {
    bool const plain = ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      out += c;
    else
      out.append("%").append(hex_encode(std::string_view{&c, 1}));
  }
  return out;
}
}  // namespace pb::api
