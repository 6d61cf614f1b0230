// power_cut_test.cpp: the power goes at a random call; what was answered 250 is still there.
// Spec: RFC 5321 §6.1; ARCHITECTURE.md decision 4.    PB_POWER_CUTS=2000 PB_SEED=n: the long run.
// Not here: kill -9 of the whole program, cuts on a real file system (tests/end_to_end).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "runtime/power_cut_files.hpp"
#include "runtime/queue_fixture.hpp"
#include "runtime/queue_loader.hpp"

namespace pb::runtime {
namespace {
constexpr char const* data_dir = "/power-cut";

std::uint64_t from_environment(char const* name, std::uint64_t otherwise) {
  char const* const value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

struct Sent {
  std::uint64_t octets = 0;
  char fill = 'x';
  bool acknowledged = false;
  bool settled = false;  // delivery said so; durable or not
};

struct Counts {
  std::size_t acknowledged = 0, lost = 0, damaged = 0, duplicates = 0, refused = 0, files = 0;
};

/// One life of the queue on the disk until the power goes, and the look at what is left.
class Life {
 public:
  Life(std::uint64_t seed, bool syncs_lie, Counts& counts)
      : random_{seed}, seed_{seed}, counts_{counts} {
    disk_->syncs_lie = syncs_lie;
  }
  void run() {
    for (int restart = 0; restart < 3; ++restart) {
      // Most cuts fall into the work, some into the opening.
      disk_->cut_after = random_.below(10) == 0 ? random_.below(60) : 60 + random_.below(500);
      work();
      disk_ = next_disk();
      if (!look()) return;
    }
  }

 private:
  std::unique_ptr<PowerCutDisk> next_disk() {
    auto next = disk_->after_the_cut(random_);
    next->syncs_lie = disk_->syncs_lie;
    return next;
  }
  StoreSettings settings() {
    return {.data_dir = data_dir,
            .memtable_octets = 256U << 10,  // so that flushes and compactions are cut, too
            .wal_octets = 512U << 10,
            .files = std::make_shared<PowerCutFiles>(*disk_)};
  }
  void work() {
    auto store = RocksStore::open(settings());
    if (!store) return;
    LeaseBox leases;
    QueueRunner runner{**store, {}, clock_, random_, log_};
    runner.set_lease_sink(&leases);
    if (!runner.start()) return;
    while (!disk_is_off()) {
      std::vector<std::pair<QueueId, std::future<queue::CommitVerdict>>> waiting;
      for (std::uint64_t i = 0, batch = 1 + random_.below(4); i < batch; ++i) {
        if (auto id = send(runner, **store)) waiting.push_back(std::move(*id));
      }
      for (auto& [id, verdict] : waiting) {
        if (verdict.get() == queue::CommitVerdict::durable) sent_[id.value()].acknowledged = true;
      }
      settle_some(runner, leases);
      if (!runner.accepting()) break;
    }
    runner.stop();
  }
  bool disk_is_off() {
    std::scoped_lock const guard{disk_->lock};
    return disk_->off;
  }
  std::optional<std::pair<QueueId, std::future<queue::CommitVerdict>>> send(QueueRunner& runner,
                                                                            RocksStore& store) {
    QueueId const id = runner.make_id();
    Sent& sent = sent_[id.value()];
    sent.fill = static_cast<char>('a' + random_.below(26));
    bool const large = random_.below(4) == 0;
    sent.octets = large ? 5'000 + random_.below(30'000) : random_.below(6'000);
    std::string body(sent.octets, sent.fill);
    auto message = message_to(id, "a@b.example", clock_.now(), large ? "" : body);
    if (large) {
      auto file = store.body_files().create(id);
      if (!file || !(*file)->append(body) || !(*file)->finish()) return std::nullopt;
      (*file)->keep();
      message.record.message.body_in_file = true;
      message.record.message.body_octets = body.size();
    }
    auto answered = std::make_shared<std::promise<queue::CommitVerdict>>();
    auto verdict = answered->get_future();
    runner.accept(std::move(message), [answered](auto v) { answered->set_value(v); });
    return std::pair{id, std::move(verdict)};
  }
  void settle_some(QueueRunner& runner, LeaseBox& leases) {
    while (auto leased = leases.next(std::chrono::milliseconds{0})) {
      std::uint64_t const what = random_.below(3);
      if (what == 0) continue;  // stays in flight
      queue::Outcome outcome = queue::Delivered{};
      if (what == 1) {
        outcome =
            queue::Deferred{.reason = queue::Reason::remote_deferred, .reply = {}, .retry_at = {}};
      } else {
        sent_[leased->lease.id.value()].settled = true;
      }
      runner.settle({.lease = leased->lease.lease,
                     .id = leased->lease.id,
                     .outcomes = {{0, outcome}},
                     .transcripts = {}});
    }
  }
  /// False: the store refused to open, so that nothing more can be seen.
  bool look() {
    auto store = RocksStore::open(settings());
    if (!store) {
      bool const missing = store.error().kind == OpenFailure::Kind::mail_missing;
      bool const anything =
          std::ranges::any_of(sent_, [](auto const& entry) { return entry.second.acknowledged; });
      counts_.refused += missing || anything ? 1 : 0;
      refusal_ = store.error().text;
      return false;
    }
    std::map<std::uint64_t, bool> found;
    auto const loaded = load_queue(**store, [&](queue::Recovered&& message) {
      found[message.record.message.id.value()] = whole(**store, message.record.message.id);
    });
    if (!loaded) ++counts_.damaged;
    for (auto& [id, sent] : sent_) {
      auto const at = found.find(id);
      bool const there = at != found.end();
      if (there && !at->second) ++counts_.damaged;
      if (there && sent.settled) ++counts_.duplicates;
      if (!sent.acknowledged) continue;
      ++counts_.acknowledged;
      if (!there && !sent.settled) ++counts_.lost;
      if (!there) sent.acknowledged = false;  // counted once
    }
    return true;
  }
  bool whole(RocksStore& store, QueueId id) {
    auto const loaded = load_message(store, id);
    if (!loaded || !*loaded) return false;
    Sent const& sent = sent_[id.value()];
    if ((*loaded)->message->body_in_file) ++counts_.files;
    MessageBytes bytes{(*loaded)->message, (*loaded)->inline_bytes, store.body_files()};
    auto const all = bytes.read_all(1U << 20);
    return all && *all == "Received: by test\r\n" + std::string(sent.octets, sent.fill);
  }

 public:
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] std::string const& refusal() const { return refusal_; }

 private:
  SeededRandom random_;
  std::uint64_t seed_;
  Counts& counts_;
  WallClock clock_;
  NullLog log_;
  std::unique_ptr<PowerCutDisk> disk_ = std::make_unique<PowerCutDisk>();
  std::map<std::uint64_t, Sent> sent_;
  std::string refusal_;
};

TEST(PowerCut, loses_nothing_that_was_acknowledged) {
  std::uint64_t const lives = from_environment("PB_POWER_CUTS", 90) / 3;
  std::uint64_t const first = from_environment("PB_SEED", 1);
  Counts counts;
  for (std::uint64_t seed = first; seed < first + lives; ++seed) {
    Life life{seed, false, counts};
    life.run();
    ASSERT_EQ(counts.lost + counts.damaged + counts.refused, 0U)
        << "PB_SEED=" << seed << " lost=" << counts.lost << " damaged=" << counts.damaged << ' '
        << life.refusal();
  }
  fmt::print("{} cuts: {} acknowledged looked for, {} lost, {} delivered again, {} in files\n",
             lives * 3, counts.acknowledged, counts.lost, counts.duplicates, counts.files);
  EXPECT_GT(counts.acknowledged, lives * 10);
  EXPECT_GT(counts.files, lives);
}

TEST(PowerCut, with_syncs_left_out_the_same_test_reports_losses) {
  Counts counts;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) Life{seed, true, counts}.run();
  EXPECT_GT(counts.lost + counts.damaged + counts.refused, 3U);
}
}  // namespace
}  // namespace pb::runtime
