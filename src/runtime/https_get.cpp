// https_get.cpp: see https_get.hpp. One connection a request; the connection is the prober's.
// Spec: RFC 9110 §15.4 (redirection), RFC 3986 §5 (a relative Location).
// Tests: tests/end_to_end/probe_published_test.py
#include "runtime/https_get.hpp"

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <chrono>

#include "runtime/system.hpp"
#include "runtime/talk_line.hpp"

namespace pb::runtime {
namespace {
namespace http = boost::beast::http;
namespace urls = boost::urls;
using advisor::Millis;
using Clock = std::chrono::steady_clock;
constexpr std::uint32_t header_octets_max = 16 * 1024;
constexpr std::size_t url_octets_max = 2048;

struct Response {
  unsigned status = 0;
  std::string location, body;
};

class Fetch {
 public:
  Fetch(HttpsAsk const& ask, TrustStore const& store)
      : ask_{ask}, store_{store}, until_{Clock::now() + ask.timeout} {}
  std::expected<Response, HttpsError> once(urls::url_view url);

 private:
  [[nodiscard]] Millis left() const {
    return std::max(Millis{0}, std::chrono::ceil<Millis>(until_ - Clock::now()));
  }
  [[nodiscard]] std::vector<IpAddress> const* known(std::string const& host) const {
    auto const found = ask_.addresses.find(host);
    return found == ask_.addresses.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::string request(urls::url_view url) const;
  std::expected<Response, HttpsError> read(TalkLine& line);

  HttpsAsk const& ask_;
  TrustStore const& store_;
  Clock::time_point until_;
};

std::string Fetch::request(urls::url_view url) const {
  std::string target{url.encoded_target()};
  if (target.empty() || target.front() != '/') target.insert(0, "/");
  std::string out = (ask_.body.empty() ? "GET " : "POST ") + target +
                    " HTTP/1.1\r\nHost: " + std::string{url.encoded_host_and_port()} +
                    "\r\nUser-Agent: packetboat\r\nAccept: */*\r\nConnection: close\r\n";
  if (!ask_.body.empty()) {
    out += "Content-Type: text/xml; charset=utf-8\r\nContent-Length: " +
           std::to_string(ask_.body.size()) + "\r\n";
  }
  return out + "\r\n" + ask_.body;
}

HttpsError error_of(boost::system::error_code error) {
  bool const large = error == http::error::body_limit || error == http::error::header_limit ||
                     error == http::error::buffer_overflow;
  return large ? HttpsError::too_long : HttpsError::not_http;
}

std::expected<Response, HttpsError> Fetch::read(TalkLine& line) {
  http::response_parser<http::string_body> parser;
  parser.header_limit(header_octets_max);
  parser.body_limit(ask_.body_octets_max);
  parser.eager(true);
  std::string waiting;
  boost::system::error_code error;
  while (!parser.is_done()) {
    if (left().count() == 0) return std::unexpected{HttpsError::silent};
    auto const bytes = line.read_some(left());
    if (!bytes) {
      if (parser.got_some()) parser.put_eof(error);
      if (error || !parser.is_done()) return std::unexpected{HttpsError::not_http};
      break;
    }
    waiting += *bytes;
    if (waiting.empty()) continue;
    std::size_t const taken =
        parser.put(boost::asio::const_buffer{waiting.data(), waiting.size()}, error);
    if (error && error != http::error::need_more) return std::unexpected{error_of(error)};
    waiting.erase(0, taken);
    if (waiting.size() > header_octets_max + 8192) return std::unexpected{HttpsError::too_long};
  }
  auto const& message = parser.get();
  return Response{.status = message.result_int(),
                  .location = std::string{message[http::field::location]},
                  .body = message.body()};
}

std::expected<Response, HttpsError> Fetch::once(urls::url_view url) {
  std::string const host{url.encoded_host_address()};
  std::uint16_t const port = url.has_port() ? url.port_number() : std::uint16_t{443};
  auto const* addresses = known(host);
  auto line = addresses == nullptr ? TalkLine::open(host, port, left())
                                   : TalkLine::open(*addresses, port, left());
  if (!line) return std::unexpected{HttpsError::no_server};
  auto const now = std::chrono::floor<std::chrono::seconds>(SystemClock{}.now());
  auto const tls = line->start_tls(store_, host, now.time_since_epoch().count(), left());
  if (tls.handshake == advisor::Handshake::silence) return std::unexpected{HttpsError::silent};
  if (!tls.verified()) return std::unexpected{HttpsError::certificate};
  if (!line->send(request(url))) return std::unexpected{HttpsError::not_http};
  return read(*line);
}
}  // namespace

std::string problem_text(HttpsProblem const& problem) {
  switch (problem.error) {
    case HttpsError::no_server:
      return "no connection";
    case HttpsError::certificate:
      return "no valid certificate";
    case HttpsError::silent:
      return "no answer";
    case HttpsError::not_http:
      return "no HTTP";
    case HttpsError::too_long:
      return "too long";
    case HttpsError::redirects:
      return "too many redirects";
    case HttpsError::redirect_insecure:
      return "a redirect that is not https";
    case HttpsError::status:
      return "HTTP status " + std::to_string(problem.status);
  }
  return {};
}

std::expected<HttpsAnswer, HttpsProblem> https_get(HttpsAsk const& ask, TrustStore const& store) {
  Fetch fetch{ask, store};
  HttpsProblem problem{.url = ask.url};
  for (unsigned redirects = 0; redirects <= ask.redirects_max; ++redirects) {
    auto const url = urls::parse_uri(problem.url);
    bool const secure = url && url->scheme_id() == urls::scheme::https && !url->has_userinfo() &&
                        !url->encoded_host().empty();
    problem.error = HttpsError::redirect_insecure;
    if (!secure) return std::unexpected{problem};
    auto answer = fetch.once(*url);
    if (!answer) {
      problem.error = answer.error();
      return std::unexpected{problem};
    }
    if (answer->status / 100 == 2)
      return HttpsAnswer{.url = problem.url, .body = std::move(answer->body)};
    bool const moved = answer->status / 100 == 3 && !answer->location.empty();
    problem.error = HttpsError::status;
    problem.status = answer->status;
    if (!moved) return std::unexpected{problem};
    auto const to = urls::parse_uri_reference(answer->location);
    problem.error = HttpsError::redirect_insecure;
    if (!to || answer->location.size() > url_octets_max) return std::unexpected{problem};
    urls::url next;
    if (urls::resolve(*url, *to, next).has_error()) return std::unexpected{problem};
    problem.url = next.buffer();
  }
  problem.error = HttpsError::redirects;
  return std::unexpected{problem};
}
}  // namespace pb::runtime
