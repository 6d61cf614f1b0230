// store_care_test.cpp: damage is found and named, taken out, and a copy is a store of its own.
// Spec: store_care.hpp.
#include "runtime/store_care.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "runtime/queue_fixture.hpp"

namespace pb::runtime {
namespace {
using queue::Family;

std::unique_ptr<RocksStore> open_store(std::string const& directory) {
  StoreSettings settings;
  settings.data_dir = directory;
  auto store = RocksStore::open(std::move(settings));
  EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().text);
  return store ? std::move(*store) : nullptr;
}

/// What the queue writes at acceptance.
QueueId put_message(RocksStore& store, std::uint64_t number, std::string_view in_file = {}) {
  QueueId const id{number};
  queue::NewMessage message = message_to(id, "bob@two.example", Instant{std::chrono::days{20'000}});
  if (!in_file.empty()) {
    auto writer = store.body_files().create(id);
    EXPECT_TRUE(writer && (*writer)->append(in_file) && (*writer)->finish());
    (*writer)->keep();
    message.record.message.body_in_file = true;
    message.record.message.body_octets += in_file.size();
  }
  EXPECT_TRUE(store.write({{Family::envelopes, queue::envelope_key(id), encode(message.record)},
                           {Family::bodies, queue::body_key(id), message.inline_bytes}},
                          queue::Durability::synced));
  return id;
}

TEST(StoreCare, a_whole_store_has_no_damage) {
  TemporaryDirectory directory;
  auto const store = open_store(directory.path());
  put_message(*store, 1);
  put_message(*store, 2, "a large body\r\n");
  StoreFindings const found = check_store(*store);
  EXPECT_TRUE(found.damages.empty()) << found.damages[0].text;
  EXPECT_EQ(found.messages, 2U);
  EXPECT_EQ(found.body_files, 1U);
  EXPECT_EQ(found.loose_files, 0U);
}

TEST(StoreCare, damage_is_named_and_taken_out_and_what_is_whole_stays) {
  TemporaryDirectory directory;
  auto const store = open_store(directory.path());
  QueueId const whole = put_message(*store, 1);
  QueueId const without_content = put_message(*store, 2);
  QueueId const without_file = put_message(*store, 3, "a large body\r\n");
  QueueId const damaged = put_message(*store, 4);
  ASSERT_TRUE(store->write({{Family::bodies, queue::body_key(without_content), std::nullopt},
                            {Family::envelopes, queue::envelope_key(damaged), "\x01garbage"},
                            {Family::envelopes, queue::state_key(damaged, 0), "x"},
                            {Family::journal, "e too short", "x"},
                            {Family::accounts, "alice@one.test", "{"}},
                           queue::Durability::synced));
  store->body_files().remove(without_file);
  StoreFindings const found = check_store(*store);
  EXPECT_EQ(found.damages.size(), 6U);
  EXPECT_EQ(found.damages[0].text, without_content.text() + ": its content is missing");

  auto const done = repair_store(*store);
  ASSERT_TRUE(done) << done.error();
  EXPECT_GE(done->removed, 6U);
  EXPECT_TRUE(std::filesystem::exists(done->saved_in));
  StoreFindings const after = check_store(*store);
  EXPECT_TRUE(after.damages.empty()) << after.damages[0].text;
  EXPECT_EQ(after.messages, 1U);
  EXPECT_TRUE(store->get(Family::envelopes, queue::envelope_key(whole))->has_value());
  EXPECT_EQ(repair_store(*store)->removed, 0U);
}

TEST(StoreCare, a_copy_is_a_store_of_its_own) {
  TemporaryDirectory directory;
  auto const store = open_store(directory.path() + "/data");
  put_message(*store, 1);
  QueueId const large = put_message(*store, 2, "a large body\r\n");
  std::string const copy = directory.path() + "/copy";
  auto const done = store->backup(copy);
  ASSERT_TRUE(done) << done.error();
  put_message(*store, 3);
  EXPECT_FALSE(store->backup(copy)) << "never over what is there";
  auto const other = open_store(copy);
  StoreFindings const found = check_store(*other);
  EXPECT_EQ(found.messages, 2U);
  EXPECT_TRUE(found.damages.empty());
  EXPECT_EQ(other->body_files().read(large, 0, 100).value_or(""), "a large body\r\n");
}

TEST(StoreCare, files_that_were_removed_while_a_copy_is_made_go_behind_it) {
  TemporaryDirectory directory;
  auto const store = open_store(directory.path());
  QueueId const large = put_message(*store, 1, "a large body\r\n");
  {
    BodyFiles::Stay const stay{store->body_files()};
    store->body_files().remove(large);
    EXPECT_TRUE(store->body_files().octets(large));
  }
  EXPECT_FALSE(store->body_files().octets(large));
}

TEST(StoreCare, messages_are_written_out_with_who_they_are_for) {
  TemporaryDirectory directory;
  auto const store = open_store(directory.path() + "/data");
  QueueId const id = put_message(*store, 1, "a large body\r\n");
  std::string const out = directory.path() + "/out";
  auto const done = export_messages(*store, out);
  ASSERT_TRUE(done) << done.error();
  EXPECT_EQ(done->messages, 1U);
  std::ifstream message{out + "/" + id.text() + ".eml"};
  std::string const text{std::istreambuf_iterator<char>{message}, {}};
  EXPECT_TRUE(text.ends_with("a large body\r\n")) << text;
  std::ifstream envelopes{out + "/envelopes.jsonl"};
  std::string line;
  std::getline(envelopes, line);
  EXPECT_NE(line.find(R"("recipients":["bob@two.example"])"), std::string::npos) << line;
  EXPECT_FALSE(export_messages(*store, out)) << "it is not empty";
}
}  // namespace
}  // namespace pb::runtime
