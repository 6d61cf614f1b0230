// https_get.hpp: one small file over HTTPS, for the command line, within limits of time, octets
// and redirects. Certificates are always verified.
// Spec: RFC 9110, RFC 9112 (read by Boost.Beast).  Tests: tests/end_to_end/probe_published_test.py
// Not here: what the file says (advisor/published).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <vector>

#include "advisor/probe_facts.hpp"
#include "base/ip.hpp"
#include "runtime/probe_tls.hpp"

namespace pb::runtime {
struct HttpsAsk {
  std::string url;   // https://HOST[:PORT]/PATH
  std::string body;  // not empty: POST as text/xml, else GET
  /// Of host names that were looked up already; others are asked of the system.
  std::map<std::string, std::vector<IpAddress>> addresses;
  std::size_t body_octets_max = 64 * 1024;
  unsigned redirects_max = 3;  // each must be https again; a POST stays a POST
  advisor::Millis timeout{6000};
};
struct HttpsAnswer {
  std::string url;  // where it came from in the end
  std::string body;
};
enum class HttpsError : std::uint8_t {
  no_server,          // no address, or nothing listens
  certificate,        // not valid for that name, or no TLS
  silent,             // the time is over
  not_http,           // an answer that is no HTTP response, or one cut short
  too_long,           // more than body_octets_max, or a header of more than 16 KiB
  redirects,          // more than redirects_max
  redirect_insecure,  // to something that is not https
  status,             // not 2xx
};
struct HttpsProblem {
  HttpsError error = HttpsError::no_server;
  unsigned status = 0;  // of HttpsError::status
  std::string url;      // the one that it happened at
};
/// A few English words, without anything of the peer's: for details of a line.
std::string problem_text(HttpsProblem const& problem);
std::expected<HttpsAnswer, HttpsProblem> https_get(HttpsAsk const& ask, TrustStore const& store);
}  // namespace pb::runtime
