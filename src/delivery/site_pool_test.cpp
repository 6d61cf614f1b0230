// site_pool_test.cpp: limits, reuse, growth, throttling and a site that is down, as the pool's
// words. Spec: site_pool.hpp (invariants).
#include "delivery/site_pool.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace pb::delivery {
namespace {
using namespace std::chrono_literals;

class SitePoolTest : public testing::Test {
 protected:
  SitePoolTest() {
    limits.slots_start = 2;
    limits.slots_max = 4;
    limits.waiting_max = 3;
  }
  SitePool& pool() {
    if (!pool_) pool_.emplace(limits);
    return *pool_;
  }
  /// "open 1:7 keep 1 back 8 site_down": what the event brought about.
  std::string tell(PoolEvent const& event) {
    PoolEffects effects;
    pool().handle(event, now, effects);
    std::string out;
    for (PoolEffect const& effect : effects) {
      if (auto const* open = std::get_if<OpenSlot>(&effect))
        out += fmt::format("open {}:{} ", open->slot, open->job);
      if (auto const* use = std::get_if<UseSlot>(&effect))
        out += fmt::format("use {}:{} ", use->slot, use->job);
      if (auto const* keep = std::get_if<KeepSlot>(&effect))
        out += fmt::format("keep {} ", keep->slot);
      if (auto const* close = std::get_if<CloseSlot>(&effect))
        out += fmt::format("close {} ", close->slot);
      if (auto const* back = std::get_if<GiveBack>(&effect))
        out += fmt::format(
            "back {} {} {}s ", back->job, name(back->reason),
            std::chrono::duration_cast<std::chrono::seconds>(back->retry_at - now).count());
      if (auto const* wake = std::get_if<WakeAt>(&effect))
        out += fmt::format("wake {}ms ", (wake->at - now).count());
    }
    return out;
  }
  std::string job(JobId id, std::string site = "s") {
    return tell(JobArrived{id, std::move(site)});
  }

  SiteLimits limits;
  Instant now{Duration{1'000'000}};

 private:
  std::optional<SitePool> pool_;
};

TEST_F(SitePoolTest, opens_up_to_its_limit_and_lets_the_rest_wait) {
  EXPECT_EQ(job(1), "open 1:1 ");
  EXPECT_EQ(job(2), "open 2:2 ");
  EXPECT_EQ(job(3), "");
  EXPECT_EQ(job(4, "other"), "open 3:4 ") << "sites do not wait for each other";
  EXPECT_EQ(tell(SlotIdle{2}), "use 2:3 ");
  EXPECT_EQ(tell(SlotIdle{1}), "keep 1 ");
  EXPECT_EQ(job(5), "use 1:5 ") << "a connection that is there is used before another is made";
}

TEST_F(SitePoolTest, gives_back_what_would_wait_too_long) {
  job(1), job(2);
  for (JobId id = 3; id < 6; ++id) EXPECT_EQ(job(id), "");
  EXPECT_EQ(job(6), "back 6 site_busy 30s ");
  EXPECT_EQ(tell(SlotEnded{1}), "open 3:3 ");
}

TEST_F(SitePoolTest, the_limit_grows_with_successes_and_halves_when_the_site_throttles) {
  job(1), job(2);
  job(3), job(4);
  EXPECT_EQ(tell(AttemptShowed{1, Showed::works}), "");
  EXPECT_EQ(tell(AttemptShowed{2, Showed::works}), "open 3:3 ");
  EXPECT_EQ(pool().view("s").slots_limit, 3);
  tell(AttemptShowed{3, Showed::throttles});
  EXPECT_EQ(pool().view("s").slots_limit, 1);
  EXPECT_EQ(tell(SlotIdle{3}), "close 3 ") << "three are open, one may be";
  EXPECT_EQ(tell(SlotEnded{3}), "");
}

TEST_F(SitePoolTest, a_site_that_is_down_is_probed_by_one_job_at_a_time) {
  limits.slots_start = 3;
  job(1), job(2), job(3), job(4);
  tell(AttemptShowed{1, Showed::is_down}), tell(SlotEnded{1});
  tell(AttemptShowed{2, Showed::is_down}), tell(SlotEnded{2});
  EXPECT_EQ(tell(AttemptShowed{3, Showed::is_down}), "back 4 site_down 60s ");
  tell(SlotEnded{3});
  EXPECT_EQ(job(5), "back 5 site_down 60s ");
  now += 60s;
  EXPECT_EQ(job(6), "open 4:6 ") << "the probe";
  EXPECT_EQ(job(7), "") << "waits for what the probe finds";
  EXPECT_EQ(tell(AttemptShowed{4, Showed::is_down}), "back 7 site_down 120s ") << "longer";
  tell(SlotEnded{4});
  now += 120s;
  EXPECT_EQ(job(8), "open 5:8 ");
  EXPECT_EQ(job(9), "");
  EXPECT_EQ(tell(AttemptShowed{5, Showed::works}), "open 6:9 ") << "its limit was one";
  EXPECT_FALSE(pool().view("s").down);
}

TEST_F(SitePoolTest, down_time_has_a_ceiling) {
  limits.failures_until_down = 1;
  for (int i = 0; i < 12; ++i) {
    std::string const opened = job(static_cast<JobId>(i));
    ASSERT_TRUE(opened.starts_with("open")) << opened;
    SlotId const slot = static_cast<SlotId>(i) + 1;
    tell(AttemptShowed{slot, Showed::is_down});
    tell(SlotEnded{slot});
    now = pool().view("s").probe_at;
  }
  EXPECT_TRUE(pool().view("s").down);
  std::string const opened = job(100);
  tell(AttemptShowed{13, Showed::is_down});
  EXPECT_EQ(pool().view("s").probe_at - now, Duration{30min});
}

TEST_F(SitePoolTest, a_rate_is_kept) {
  limits.messages_per_minute = 2;
  limits.slots_start = 4;
  EXPECT_EQ(job(1), "open 1:1 ");
  EXPECT_EQ(job(2), "open 2:2 ");
  EXPECT_EQ(job(3), "wake 30001ms ");
  now += 30s;
  EXPECT_EQ(tell(Tick{}), "open 3:3 ");
}

TEST_F(SitePoolTest, a_withdrawn_job_is_not_started) {
  job(1), job(2), job(3);
  tell(Withdrawn{3});
  EXPECT_EQ(tell(SlotEnded{1}), "");
}

TEST_F(SitePoolTest, the_total_is_bounded_and_what_waited_for_it_starts) {
  limits.slots_total_max = 1;
  EXPECT_EQ(job(1, "a"), "open 1:1 ");
  EXPECT_EQ(job(2, "b"), "");
  EXPECT_EQ(tell(SlotEnded{1}), "open 2:2 ");
}

/// Any order of events: no slot beyond the limit, each job started or given back exactly once.
TEST_F(SitePoolTest, keeps_its_invariants_under_random_events) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 dice{seed};
    SitePool tested{limits};
    std::set<JobId> open_jobs;
    std::set<SlotId> busy, idle;
    JobId next = 1;
    for (int step = 0; step < 300; ++step) {
      PoolEvent event = Tick{};
      SlotId const slot = busy.empty() ? 0 : *busy.begin();
      switch (dice() % 5) {
        case 0:
        case 1:
          open_jobs.insert(next);
          event = JobArrived{next, fmt::format("s{}", next % 3)};
          ++next;
          break;
        case 2:
          if (slot == 0) continue;
          event = AttemptShowed{slot, static_cast<Showed>(dice() % 3)};
          break;
        case 3:
          if (slot == 0) continue;
          busy.erase(slot);
          if (dice() % 2 == 0) {
            idle.insert(slot);
            event = SlotIdle{slot};
          } else {
            event = SlotEnded{slot};
          }
          break;
        default:
          now += Duration{dice() % 100'000};
      }
      PoolEffects effects;
      tested.handle(event, now, effects);
      for (PoolEffect const& effect : effects) {
        JobId done = 0;
        if (auto const* open = std::get_if<OpenSlot>(&effect)) {
          ASSERT_TRUE(busy.insert(open->slot).second);
          done = open->job;
        }
        if (auto const* use = std::get_if<UseSlot>(&effect)) {
          ASSERT_EQ(idle.erase(use->slot), 1);
          busy.insert(use->slot);
          done = use->job;
        }
        if (auto const* close = std::get_if<CloseSlot>(&effect)) {
          ASSERT_EQ(idle.erase(close->slot), 1);
          busy.insert(close->slot);
        }
        if (auto const* back = std::get_if<GiveBack>(&effect)) done = back->job;
        if (done != 0) ASSERT_EQ(open_jobs.erase(done), 1) << "seed " << seed;
      }
      for (int s = 0; s < 3; ++s)
        ASSERT_LE(tested.view(fmt::format("s{}", s)).slots, limits.slots_max) << "seed " << seed;
      ASSERT_EQ(tested.slots(), busy.size() + idle.size());
    }
  }
}
}  // namespace
}  // namespace pb::delivery
