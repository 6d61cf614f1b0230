// schedule_test.cpp: the ladder's steps, the heap's order, and whose turn it is.
// Spec: schedule.hpp.
#include "queue/schedule.hpp"

#include <gtest/gtest.h>

#include <map>

namespace pb::queue {
namespace {
class Lcg final : public Random {
 public:
  std::uint64_t next() override {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return state_ >> 11;
  }

 private:
  std::uint64_t state_ = 1;
};

Instant at(std::int64_t ms) { return Instant{Duration{ms}}; }

TEST(RetryLadder, the_last_step_repeats_with_jitter) {
  Lcg random;
  RetryLadder const ladder;
  for (std::uint32_t attempts = 4; attempts < 40; ++attempts) {
    EXPECT_GE(ladder.wait(attempts, random), std::chrono::minutes{216});
    EXPECT_LE(ladder.wait(attempts, random), std::chrono::minutes{264});
  }
  EXPECT_LE(ladder.wait(0, random), std::chrono::milliseconds{330'000}) << "as the first";
}

TEST(DueIndex, gives_slots_in_the_order_of_time_whatever_happened_before) {
  Lcg random;
  DueIndex index;
  std::map<std::uint32_t, std::int64_t> expected;
  for (int step = 0; step < 20'000; ++step) {
    auto const slot = static_cast<std::uint32_t>(random.below(500));
    if (random.below(4) == 0) {
      index.erase(slot);
      expected.erase(slot);
    } else {
      auto const due = static_cast<std::int64_t>(random.below(1000));
      index.set(slot, at(due));
      expected[slot] = due;
    }
  }
  ASSERT_EQ(index.size(), expected.size());
  std::int64_t last = 0;
  while (!index.empty()) {
    Instant const due = index.next_due();
    auto const slot = index.take_next();
    EXPECT_EQ(at(expected.at(slot)), due);
    EXPECT_GE(due, at(last));
    last = due.time_since_epoch().count();
    expected.erase(slot);
  }
  EXPECT_TRUE(expected.empty());
}

TEST(ReadyLines, names_nobody_uses_are_forgotten_and_numbers_used_again) {
  ReadyLines lines{10, 10};
  auto const a = lines.use("a.example");
  EXPECT_EQ(lines.use("a.example"), a);
  lines.push(a, QueueId{1});
  lines.unuse(a);
  lines.unuse(a);
  EXPECT_TRUE(lines.find("a.example")) << "someone still stands in its line";
  ASSERT_TRUE(lines.take());
  lines.lease_ended(a);
  EXPECT_FALSE(lines.find("a.example"));
  EXPECT_EQ(lines.use("b.example"), a);
  EXPECT_EQ(lines.domains(), 1U);
}

TEST(ReadyLines, the_highest_priority_goes_first_whatever_its_domain) {  // RFC 6710 §5.2
  ReadyLines lines{10, 10};
  auto const a = lines.use("a.example"), b = lines.use("b.example");
  lines.push(a, QueueId{1});
  lines.push(b, QueueId{2}, -9);
  lines.push(b, QueueId{3});
  lines.push(b, QueueId{4}, 4);
  lines.push(a, QueueId{5}, 9);
  std::vector<std::uint64_t> order;
  while (auto const turn = lines.take()) order.push_back(turn->id.value());
  EXPECT_EQ(order, (std::vector<std::uint64_t>{5, 4, 1, 3, 2}));
}

TEST(ReadyLines, an_urgent_message_waits_while_its_domain_has_its_share) {
  ReadyLines lines{10, 1};
  auto const a = lines.use("a.example"), b = lines.use("b.example");
  lines.push(a, QueueId{1});
  lines.push(a, QueueId{2}, 5);
  lines.push(b, QueueId{3});
  EXPECT_EQ(lines.take()->id, QueueId{2});
  EXPECT_EQ(lines.take()->id, QueueId{3});
  EXPECT_FALSE(lines.take());
  EXPECT_EQ(lines.waiting(a), 1U);
  lines.push(a, QueueId{4}, 1);
  lines.lease_ended(a);
  EXPECT_EQ(lines.take()->id, QueueId{4});
  lines.lease_ended(a);
  EXPECT_EQ(lines.take()->id, QueueId{1});
  lines.unuse(a);
  lines.lease_ended(a);
  EXPECT_FALSE(lines.find("a.example"));
}

TEST(ReadyLines, all_leases_out_means_nobody_until_one_ends) {
  ReadyLines lines{2, 2};
  auto const a = lines.use("a.example");
  for (std::uint64_t i = 0; i < 3; ++i) lines.push(a, QueueId{i});
  EXPECT_EQ(lines.take()->id, QueueId{0});
  EXPECT_EQ(lines.take()->id, QueueId{1});
  EXPECT_FALSE(lines.take());
  lines.lease_ended(a);
  EXPECT_EQ(lines.take()->id, QueueId{2});
  EXPECT_EQ(lines.waiting(), 0U);
}
}  // namespace
}  // namespace pb::queue
