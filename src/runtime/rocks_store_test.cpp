// rocks_store_test.cpp: what the store promises: lock, format, order, durability, refusal.
// Spec: rocks_store.hpp, queue/store.hpp.            Not here: power cuts (power_cut_test.cpp).
#include "runtime/rocks_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "runtime/temporary_directory.hpp"

namespace pb::runtime {
namespace {
using queue::Batch;
using queue::Durability;
using queue::Family;

std::unique_ptr<RocksStore> open_store(std::string const& dir) {
  auto store = RocksStore::open({.data_dir = dir, .files = {}});
  EXPECT_TRUE(store) << store.error().text;
  return store ? std::move(*store) : nullptr;
}

std::optional<std::string> value_of(RocksStore const& store, std::string_view key) {
  return store.get(Family::envelopes, key).value();
}

TEST(RocksStore, keeps_what_was_written_over_a_restart) {
  TemporaryDirectory const dir;
  {
    auto const store = open_store(dir.path());
    ASSERT_TRUE(store->write({{Family::envelopes, "a", "1"}, {Family::bodies, "a", "body"}},
                             Durability::synced));
    ASSERT_TRUE(store->write({{Family::envelopes, "b", "2"}}, Durability::soon));
    ASSERT_TRUE(store->write({{Family::bodies, "a", std::nullopt, true}}, Durability::soon));
  }
  auto const store = open_store(dir.path());
  EXPECT_EQ(value_of(*store, "a"), "1");
  EXPECT_EQ(value_of(*store, "b"), "2");
  EXPECT_EQ(store->get(Family::bodies, "a").value(), std::nullopt);
}

TEST(RocksStore, scans_in_order_within_bounds) {
  TemporaryDirectory const dir;
  auto const store = open_store(dir.path());
  ASSERT_TRUE(store->write({{Family::journal, "c", "3"},
                            {Family::journal, "a", "1"},
                            {Family::journal, "b", "2"},
                            {Family::accounts, "b", "other"}},
                           Durability::soon));
  std::string seen;
  ASSERT_TRUE(store->scan(Family::journal, "a", "c", [&](auto key, auto value) {
    seen += std::string{key} + std::string{value};
    return true;
  }));
  EXPECT_EQ(seen, "a1b2");
  ASSERT_TRUE(store->erase_range(Family::journal, "a", "c"));
  EXPECT_EQ(store->get(Family::journal, "b").value(), std::nullopt);
  EXPECT_EQ(store->get(Family::journal, "c").value(), "3");
}

TEST(RocksStore, one_process_at_a_time_has_a_data_dir) {
  TemporaryDirectory const dir;
  auto const store = open_store(dir.path());
  auto const second = RocksStore::open({.data_dir = dir.path(), .files = {}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, OpenFailure::Kind::locked);
}

TEST(RocksStore, is_read_beside_a_running_server_and_never_written) {
  TemporaryDirectory const dir;
  auto const missing = RocksStore::open({.data_dir = dir.path(), .read_only = true, .files = {}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, OpenFailure::Kind::missing);
  auto const store = open_store(dir.path());
  ASSERT_TRUE(store->write({{Family::envelopes, "a", "1"}}, Durability::synced));
  auto const reader = RocksStore::open({.data_dir = dir.path(), .read_only = true, .files = {}});
  ASSERT_TRUE(reader) << reader.error().text;
  EXPECT_EQ(value_of(**reader, "a"), "1");
  EXPECT_EQ((*reader)->write({}, Durability::synced).error(), queue::StoreError::read_only);
}

TEST(RocksStore, refuses_a_newer_format) {
  TemporaryDirectory const dir;
  std::ofstream{dir.path() + "/FORMAT"} << "packetboat store " << store_format + 1 << "\n";
  auto const store = RocksStore::open({.data_dir = dir.path(), .files = {}});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, OpenFailure::Kind::newer_format);
}

/// Zeroes one page of the write-ahead log, as a disk that lies does.
void zero_a_page_of_the_log(std::string const& dir) {
  std::filesystem::path log;
  for (auto const& entry : std::filesystem::directory_iterator{dir + "/store"}) {
    bool const larger = log.empty() || entry.file_size() > std::filesystem::file_size(log);
    if (entry.path().extension() == ".log" && larger) log = entry.path();
  }
  ASSERT_GT(std::filesystem::file_size(log), 12'288U);
  std::fstream file{log, std::ios::in | std::ios::out | std::ios::binary};
  file.seekp(4096);
  file << std::string(4096, '\0');
}

TEST(RocksStore, refuses_to_start_when_less_is_recovered_than_was_synced) {
  TemporaryDirectory const dir;
  {
    auto const store = open_store(dir.path());
    for (int i = 0; i < 100; ++i) {
      Batch const batch{{Family::envelopes, std::to_string(i), std::string(400, 'x')}};
      ASSERT_TRUE(store->write(batch, Durability::synced));
    }
  }
  zero_a_page_of_the_log(dir.path());
  auto const refused = RocksStore::open({.data_dir = dir.path(), .files = {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, OpenFailure::Kind::mail_missing);
  EXPECT_NE(refused.error().text.find("store repair"), std::string::npos);

  auto salvaged = RocksStore::open({.data_dir = dir.path(), .salvage = true, .files = {}});
  ASSERT_TRUE(salvaged) << salvaged.error().text;
  EXPECT_EQ(value_of(**salvaged, "99").value_or(""), std::string(400, 'x'))
      << "what lies behind the hole is kept";
  salvaged->reset();
  EXPECT_TRUE(open_store(dir.path())) << "and the store starts again";
}
}  // namespace
}  // namespace pb::runtime
