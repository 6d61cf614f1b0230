// client.cpp: asks a running Packetboat over its admin socket. Blocks; for the command line.
// Spec: docs/reference/admin-api.md; RFC 9112.                   Tests: router_test.cpp
// Not here: what to do when none runs (cli/gateway).
#include "api/client.hpp"

#include <sys/un.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <limits>

namespace pb::api {
namespace {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;
using Stream = beast::basic_stream<Local>;
using Result = std::expected<runtime::AdminResponse, ClientError>;
constexpr auto awaited = asio::as_tuple(asio::use_awaitable);

ClientError meaning_of(boost::system::error_code error) {
  if (error == boost::system::errc::permission_denied) return ClientError::not_permitted;
  bool const nobody = error == boost::system::errc::no_such_file_or_directory ||
                      error == boost::system::errc::connection_refused ||
                      error == boost::system::errc::not_a_directory;
  return nobody ? ClientError::not_running : ClientError::broken;
}

asio::awaitable<void> converse(Stream& stream, std::string path,
                               http::request<http::string_body>& request, Result& result) {
  auto const [connect_error] = co_await stream.async_connect(Local::endpoint{path}, awaited);
  if (connect_error) {
    result = std::unexpected(meaning_of(connect_error));
    co_return;
  }
  auto const [write_error, written] = co_await http::async_write(stream, request, awaited);
  if (write_error) co_return;
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  auto const [read_error, octets] = co_await http::async_read(stream, buffer, parser, awaited);
  if (read_error) co_return;
  auto response = parser.release();
  result = runtime::AdminResponse{response.result_int(), std::move(response.body()),
                                  std::string{response[http::field::content_type]}};
}
}  // namespace

Result Client::ask(runtime::AdminRequest const& question, Duration wait) const {
  Result result = std::unexpected(ClientError::broken);
  if (path_.size() >= sizeof(sockaddr_un::sun_path))
    return std::unexpected(ClientError::not_running);
  http::request<http::string_body> request{http::string_to_verb(question.method), question.target,
                                           11};
  request.set(http::field::host, "packetboat");
  request.body() = question.body;
  request.keep_alive(false);
  request.prepare_payload();
  asio::io_context context{1};
  Stream stream{context};
  stream.expires_after(wait);
  asio::co_spawn(context, converse(stream, path_, request, result),
                 [](std::exception_ptr const& error) {
                   if (error) std::rethrow_exception(error);
                 });
  context.run();
  return result;
}
}  // namespace pb::api
