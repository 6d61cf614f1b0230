// admin_server.cpp: HTTP over a unix socket, for the command line of the same machine.
// Spec: RFC 9112 (HTTP/1.1), unix(7) SO_PEERCRED.
// Tests: tests/end_to_end/users_test.py
// Not here: what can be asked (api/).
#include "runtime/admin_server.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <thread>
#include <vector>

#include "base/encoding.hpp"

namespace pb::runtime {
namespace {
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;
using Stream = beast::basic_stream<Local>;
constexpr auto awaited = asio::as_tuple(asio::use_awaitable);
constexpr mode_t socket_mode = 0660;
constexpr auto accept_pause = std::chrono::milliseconds{100};

std::string system_error(std::string const& what) {
  return what + ": " + std::system_category().message(errno);
}

bool somebody_answers(std::string const& path) {
  asio::io_context context;
  Local::socket socket{context};
  boost::system::error_code error;
  socket.connect(Local::endpoint{path}, error);
  return !error;
}

AdminPeer peer_of(Local::socket& socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  bool const known =
      ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0;
  if (!known) return {static_cast<uid_t>(-1), static_cast<gid_t>(-1), 0};
  return {credentials.uid, credentials.gid, credentials.pid};
}

bool is_member(AdminPeer const& peer, gid_t group) {
  if (peer.gid == group) return true;
  passwd const* user = ::getpwuid(peer.uid);
  if (user == nullptr) return false;
  std::vector<gid_t> groups(64);
  int count = static_cast<int>(groups.size());
  if (::getgrouplist(user->pw_name, peer.gid, groups.data(), &count) < 0) return false;
  groups.resize(static_cast<std::size_t>(count));
  return std::ranges::find(groups, group) != groups.end();
}
}  // namespace

struct AdminServer::Impl {
  Impl(AdminOptions the_options, Log& the_log) : options{std::move(the_options)}, log{the_log} {}

  AdminOptions const options;
  Log& log;
  asio::io_context context{1};
  Local::acceptor acceptor{context};
  AdminHandler handler;
  gid_t group = 0;
  bool bound = false;
  std::size_t connections = 0;
  std::jthread thread;

  bool may_ask(AdminPeer const& peer) const {
    return peer.uid == 0 || peer.uid == ::geteuid() || is_member(peer, group);
  }

  asio::awaitable<void> accept_all() {
    asio::steady_timer pause{context};
    for (;;) {
      auto [error, socket] = co_await acceptor.async_accept(awaited);
      if (error == asio::error::operation_aborted || !acceptor.is_open()) co_return;
      if (error) {  // no descriptor is free: to ask again at once would only spin
        pause.expires_after(accept_pause);
        co_await pause.async_wait(awaited);
        continue;
      }
      AdminPeer const peer = peer_of(socket);
      bool const full = connections >= options.connections_max;
      if (full || !may_ask(peer)) {
        log.warning("admin-refused", {{"uid", std::to_string(peer.uid)},
                                      {"pid", std::to_string(peer.pid)},
                                      {"why", full ? "too many connections" : "not permitted"}});
        continue;
      }
      ++connections;
      asio::co_spawn(context, serve(Stream{std::move(socket)}, peer), asio::detached);
    }
  }

  asio::awaitable<void> serve(Stream stream, AdminPeer peer) {
    beast::flat_buffer buffer;
    bool open = true;
    while (open) open = co_await serve_one(stream, buffer, peer);
    --connections;
  }

  /// One request and its response; false: the connection ends.
  asio::awaitable<bool> serve_one(Stream& stream, beast::flat_buffer& buffer, AdminPeer peer) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(options.body_octets_max);
    stream.expires_after(options.idle_wait);
    auto const [read_error, octets] = co_await http::async_read(stream, buffer, parser, awaited);
    if (read_error) co_return false;
    http::request<http::string_body> request = parser.release();
    AdminRequest question{std::string{request.method_string()}, std::string{request.target()},
                          std::move(request.body()), peer};
    note(question);
    stream.expires_never();  // a waiting question (inbox wait) has its own bound
    AdminResponse answer = co_await handler(std::move(question));
    http::response<http::string_body> response{static_cast<http::status>(answer.status),
                                               request.version()};
    response.set(http::field::content_type, answer.content_type);
    response.set(http::field::cache_control, "no-store");
    response.keep_alive(request.keep_alive());
    response.body() = std::move(answer.body);
    response.prepare_payload();
    stream.expires_after(options.idle_wait);
    auto const [write_error, written] = co_await http::async_write(stream, response, awaited);
    co_return !write_error && request.keep_alive();
  }

  void note(AdminRequest const& question) {
    std::string const path = question.target.substr(0, question.target.find('?'));
    std::array const fields{LogField{"uid", std::to_string(question.peer.uid)},
                            LogField{"pid", std::to_string(question.peer.pid)},
                            LogField{"method", question.method}, LogField{"path", path}};
    bool const asks_only = question.method == "GET";
    log.write(asks_only ? LogLevel::debug : LogLevel::info, "admin", fields);
  }
};

AdminServer::AdminServer(AdminOptions options, Log& log)
    : impl_{std::make_unique<Impl>(std::move(options), log)} {}

AdminServer::~AdminServer() { stop(); }

std::expected<void, std::string> AdminServer::bind() {
  std::string const& path = impl_->options.path;
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    return std::unexpected(
        "the path of the admin socket is longer than 107 octets: set "
        "admin_socket = \"/run/packetboat/admin.sock\" (" +
        path + ")");
  if (somebody_answers(path))
    return std::unexpected("another Packetboat runs with this data_dir (" + path +
                           " answers): stop it first, or name another data_dir");
  ::unlink(path.c_str());
  boost::system::error_code error;
  impl_->acceptor.open(Local{}, error);
  // The mode must be right from the first moment, not after a chmod.
  mode_t const before = ::umask(0777 & ~socket_mode);
  if (!error) impl_->acceptor.bind(Local::endpoint{path}, error);
  ::umask(before);
  if (!error) impl_->acceptor.listen(64, error);
  if (error) return std::unexpected("cannot make " + path + ": " + error.message());
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::unexpected(system_error(path));
  impl_->group = status.st_gid;
  impl_->bound = true;
  return {};
}

void AdminServer::start(AdminHandler handler) {
  impl_->handler = std::move(handler);
  asio::co_spawn(impl_->context, impl_->accept_all(), asio::detached);
  impl_->thread = std::jthread{[impl = impl_.get()] {
    auto const guard = asio::make_work_guard(impl->context);
    impl->context.run();
  }};
}

void AdminServer::stop() {
  if (!impl_->bound) return;
  impl_->bound = false;
  impl_->context.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
  ::unlink(impl_->options.path.c_str());
}

asio::io_context& AdminServer::context() { return impl_->context; }
}  // namespace pb::runtime
