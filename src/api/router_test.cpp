// router_test.cpp: questions reach their endpoint, over the socket and without it, alike.
// Spec: router.hpp, client.hpp, runtime/admin_server.hpp.
#include "api/router.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <stdexcept>

#include "api/client.hpp"

namespace pb::api {
namespace {
using namespace std::chrono_literals;

asio::awaitable<Response> echo(Request request) {
  json::object out{{"method", request.method}, {"words", request.path.size()}};
  for (auto const& [name, value] : request.query) out["query_" + name] = value;
  if (request.path.size() > 1) out["second"] = request.path[1];
  out["body"] = request.body;
  co_return Response::ok(std::move(out));
}
asio::awaitable<Response> broken(Request) {
  throw std::runtime_error{"the store is away"};
  co_return Response{};
}

Router make_router() {
  Router router;
  router.add("GET", "/user", echo);
  router.add("POST", "/user", echo);
  router.add("GET", "/user/*", echo);
  router.add("GET", "/broken", broken);
  return router;
}

runtime::AdminResponse ask(Router const& router, std::string method, std::string target,
                           std::string body = {}) {
  asio::io_context context;
  auto answer = asio::co_spawn(
      context, router.handle({std::move(method), std::move(target), std::move(body), {}}),
      asio::use_future);
  context.run();
  return answer.get();
}

TEST(Router, finds_the_endpoint_and_unescapes_path_and_query) {
  Router const router = make_router();
  EXPECT_EQ(ask(router, "GET", "/user/a%40b.example?x=1%202&y").body,
            "{\"method\":\"GET\",\"words\":2,\"query_x\":\"1 2\",\"query_y\":\"\","
            "\"second\":\"a@b.example\",\"body\":null}\n");
}

TEST(Router, tells_an_unknown_path_from_an_unknown_method) {
  Router const router = make_router();
  EXPECT_EQ(ask(router, "GET", "/nothing").status, 404U);
  EXPECT_EQ(ask(router, "DELETE", "/user").status, 405U);
  EXPECT_EQ(ask(router, "GET", "user").status, 400U);
}

TEST(Router, refuses_a_body_that_is_no_json) {
  EXPECT_EQ(ask(make_router(), "POST", "/user", "{\"name\":").status, 400U);
  EXPECT_EQ(ask(make_router(), "GET", "/user/%zz").status, 400U);
}

TEST(Router, a_handler_that_throws_is_a_500_and_no_crash) {
  runtime::AdminResponse const answer = ask(make_router(), "GET", "/broken");
  EXPECT_EQ(answer.status, 500U);
  EXPECT_NE(answer.body.find("the store is away"), std::string::npos);
}

TEST(Router, escaped_words_come_back_as_they_were) {
  std::string const word = "a b/c?d=é&%+@x";
  runtime::AdminResponse const answer = ask(make_router(), "GET", "/user/" + escape_url(word));
  EXPECT_NE(answer.body.find(word), std::string::npos) << answer.body;
}

class OverSocket : public ::testing::Test {
 protected:
  OverSocket() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pb-api-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ / "admin.sock";
  }
  ~OverSocket() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  std::filesystem::path path_;
  NullLog log_;
  Router router_ = make_router();
};

TEST_F(OverSocket, gives_the_same_answer_as_without_it) {
  runtime::AdminServer server{{.path = path_}, log_};
  ASSERT_TRUE(server.bind());
  server.start(
      [this](runtime::AdminRequest request) { return router_.handle(std::move(request)); });
  for (std::string const target : {"/user/x?y=z", "/nothing", "/broken"}) {
    auto const answer = Client{path_}.ask({"GET", target, "", {}}, 5s);
    ASSERT_TRUE(answer) << target;
    EXPECT_EQ(answer->body, ask(router_, "GET", target).body);
    EXPECT_EQ(answer->status, ask(router_, "GET", target).status);
  }
}

TEST_F(OverSocket, the_socket_is_for_owner_and_group_only) {
  runtime::AdminServer server{{.path = path_}, log_};
  ASSERT_TRUE(server.bind());
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660U);
}

TEST_F(OverSocket, a_second_server_is_refused_and_a_stale_socket_is_not) {
  {
    runtime::AdminServer first{{.path = path_}, log_};
    ASSERT_TRUE(first.bind());
    first.start(
        [this](runtime::AdminRequest request) { return router_.handle(std::move(request)); });
    runtime::AdminServer second{{.path = path_}, log_};
    auto const refused = second.bind();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().find("another Packetboat runs"), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::filesystem::create_directory(folder_ / "x");
  runtime::AdminServer third{{.path = path_}, log_};
  EXPECT_TRUE(third.bind());
}

TEST_F(OverSocket, a_body_beyond_the_bound_is_not_read) {
  runtime::AdminServer server{{.path = path_, .body_octets_max = 1000}, log_};
  ASSERT_TRUE(server.bind());
  server.start(
      [this](runtime::AdminRequest request) { return router_.handle(std::move(request)); });
  EXPECT_FALSE(Client{path_}.ask({"POST", "/user", std::string(5000, ' '), {}}, 5s));
  EXPECT_TRUE(Client{path_}.ask({"GET", "/user", "", {}}, 5s)) << "and others are still answered";
}

TEST_F(OverSocket, nobody_there_is_not_running) {
  EXPECT_EQ(Client{path_}.ask({"GET", "/user", "", {}}, 5s).error(), ClientError::not_running);
}
}  // namespace
}  // namespace pb::api
