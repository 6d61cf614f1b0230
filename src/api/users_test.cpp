// users_test.cpp: accounts through the table of questions, as the command line asks them.
// Spec: docs/reference/admin-api.md "/user", "/health", "/reload".
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json.hpp>
#include <map>

#include "accounts/password.hpp"
#include "api/backend.hpp"

namespace pb::api {
namespace {
class MemoryAccounts final : public accounts::Store {
 public:
  std::expected<std::vector<accounts::Account>, accounts::StoreError> load_all() override {
    std::vector<accounts::Account> all;
    for (auto const& [name, account] : records) all.push_back(account);
    return all;
  }
  std::expected<void, accounts::StoreError> put(accounts::Account const& account) override {
    if (full) return std::unexpected(accounts::StoreError::no_space);
    records[account.name] = account;
    return {};
  }
  std::expected<void, accounts::StoreError> remove(std::string_view name) override {
    records.erase(std::string{name});
    return {};
  }
  std::map<std::string, accounts::Account> records;
  bool full = false;
};

class CountingRandom final : public Random {
 public:
  std::uint64_t next() override { return ++value_; }

 private:
  std::uint64_t value_ = 0;
};

class UsersApi : public ::testing::Test {
 protected:
  UsersApi() {
    Backend backend;
    backend.accounts = &store_;
    backend.random = &random_;
    backend.accounts_changed = [this](std::string const&) { ++changes_; };
    router_ = make_router(backend);
  }
  runtime::AdminResponse ask(std::string method, std::string target, json::value body = {}) {
    asio::io_context context;
    std::string text = body.is_null() ? "" : json::serialize(body);
    auto answer = asio::co_spawn(
        context, router_.handle({std::move(method), std::move(target), std::move(text), {}}),
        asio::use_future);
    context.run();
    return answer.get();
  }
  MemoryAccounts store_;
  CountingRandom random_;
  Router router_;
  int changes_ = 0;
};

TEST_F(UsersApi, adds_an_account_whose_password_is_right_afterwards) {
  auto const answer = ask("POST", "/user", {{"name", "Alice@One.test"}, {"password", "secret"}});
  ASSERT_EQ(answer.status, 200U) << answer.body;
  ASSERT_TRUE(store_.records.contains("alice@one.test"));
  EXPECT_TRUE(
      accounts::password_is_right(store_.records["alice@one.test"].password_hash, "secret"));
  EXPECT_EQ(changes_, 1) << "a running server reads its accounts anew";
}

TEST_F(UsersApi, lists_accounts_and_nothing_secret) {
  ask("POST", "/user", {{"name", "a@one.test"}, {"password", "secret"}, {"scram", false}});
  ask("POST", "/user/a@one.test/alias", {{"address", "sales@one.test"}});
  ask("POST", "/user/a%40one.test/allow", {{"pattern", "*@one.test"}});
  EXPECT_EQ(ask("GET", "/user").body,
            "{\"users\":[{\"name\":\"a@one.test\",\"aliases\":[\"sales@one.test\"],"
            "\"allowed\":[\"*@one.test\"],\"scram\":false,\"disabled\":false,"
            "\"quota_octets\":0}]}\n");
}

TEST_F(UsersApi, refuses_twice_the_same_unknown_ones_and_empty_passwords) {
  ask("POST", "/user", {{"name", "a@one.test"}, {"password", "secret"}});
  EXPECT_EQ(ask("POST", "/user", {{"name", "A@one.test"}, {"password", "x"}}).status, 409U);
  EXPECT_EQ(ask("POST", "/user", {{"name", "b@one.test"}, {"password", ""}}).status, 400U);
  EXPECT_EQ(ask("POST", "/user").status, 400U);
  EXPECT_EQ(ask("DELETE", "/user/nobody@one.test").status, 404U);
  EXPECT_EQ(ask("POST", "/user/nobody@one.test/password", {{"password", "x"}}).status, 404U);
  EXPECT_EQ(changes_, 1);
}

TEST_F(UsersApi, a_full_disk_changes_nothing_and_says_so) {
  store_.full = true;
  auto const answer = ask("POST", "/user", {{"name", "a@one.test"}, {"password", "secret"}});
  EXPECT_EQ(answer.status, 507U);
  EXPECT_EQ(changes_, 0);
}

TEST_F(UsersApi, reload_and_health_need_a_server) {
  EXPECT_EQ(ask("POST", "/reload").status, 503U);
  EXPECT_EQ(ask("GET", "/health").status, 503U);
  EXPECT_EQ(ask("GET", "/inbox").status, 503U);
}
}  // namespace
}  // namespace pb::api
