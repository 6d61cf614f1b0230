// account_records_test.cpp: accounts outlive the process, and so does the store's secret.
// Spec: accounts/store.hpp.                                Not here: the store itself.
#include "runtime/account_records.hpp"

#include <gtest/gtest.h>

#include "runtime/temporary_directory.hpp"

namespace pb::runtime {
namespace {
accounts::Account named(std::string name) {
  accounts::Account account;
  account.name = std::move(name);
  return account;
}

TEST(AccountRecords, come_back_in_the_order_of_names_after_a_restart) {
  TemporaryDirectory const directory;
  {
    auto const store = RocksStore::open({.data_dir = directory.path()}).value();
    AccountRecords records{*store};
    EXPECT_TRUE(records.put(named("b@example.org")));
    EXPECT_TRUE(records.put(named("a@example.org")));
    EXPECT_TRUE(records.put(named("c@example.org")));
    EXPECT_TRUE(records.remove("b@example.org"));
  }
  auto const store = RocksStore::open({.data_dir = directory.path()}).value();
  auto const all = AccountRecords{*store}.load_all().value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "a@example.org");
  EXPECT_EQ(all[1].name, "c@example.org");
}

TEST(AccountRecords, keep_one_secret_that_is_no_account) {
  TemporaryDirectory const directory;
  std::string first;
  {
    auto const store = RocksStore::open({.data_dir = directory.path()}).value();
    first = AccountRecords{*store}.secret().value();
    EXPECT_EQ(first.size(), 32U);
    EXPECT_EQ(AccountRecords{*store}.secret().value(), first);
  }
  auto const store = RocksStore::open({.data_dir = directory.path()}).value();
  EXPECT_EQ(AccountRecords{*store}.secret().value(), first);
  EXPECT_TRUE(AccountRecords{*store}.load_all().value().empty());
}
}  // namespace
}  // namespace pb::runtime
