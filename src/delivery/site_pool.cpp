// site_pool.cpp: the reducer: start, keep, wait, give back; the limit grows and shrinks by what was
// seen.  Spec: site_pool.hpp.                                         Tests: site_pool_test.cpp
#include "delivery/site_pool.hpp"

#include <algorithm>
#include <type_traits>

#include "base/check.hpp"
#include "base/mark.hpp"

namespace pb::delivery {
using queue::Reason;

void SitePool::handle(PoolEvent const& event, Instant now, PoolEffects& out) {
  if (auto const* job = std::get_if<JobArrived>(&event)) return on_job(*job, now, out);
  if (auto const* idle = std::get_if<SlotIdle>(&event)) return on_idle(idle->slot, now, out);
  if (auto const* ended = std::get_if<SlotEnded>(&event)) return on_ended(ended->slot, now, out);
  if (auto const* showed = std::get_if<AttemptShowed>(&event)) return on_showed(*showed, now, out);
  if (auto const* gone = std::get_if<Withdrawn>(&event)) return on_withdrawn(gone->job);
  static_assert(std::variant_size_v<PoolEvent> == 6);
  on_tick(now, out);
}

SiteView SitePool::view(std::string const& name) const {
  auto const found = sites_.find(name);
  if (found == sites_.end()) return {0, limits_.slots_start, 0, false, {}};
  Site const& site = found->second;
  return {site.slots, site.limit, site.waiting.size(), site.down_for != Duration{0}, site.probe_at};
}

void SitePool::on_job(JobArrived const& event, Instant now, PoolEffects& out) {
  auto const [found, is_new] = sites_.try_emplace(event.site);
  Site& site = found->second;
  if (is_new) {
    site.limit = limits_.slots_start;
    site.tokens = static_cast<double>(limits_.messages_per_minute);
    site.refilled_at = now;
  }
  bool const rests = site_rests(site, now);
  if (rests) PB_MARK(site_down_gives_back);
  if (rests) return out.push_back(GiveBack{event.job, Reason::site_down, site.probe_at});
  if (site.waiting.size() >= limits_.waiting_max)
    return out.push_back(GiveBack{event.job, Reason::site_busy, now + limits_.busy_retry});
  site.waiting.push_back(event.job);
  waiting_at_.emplace(event.job, event.site);
  start_waiting(event.site, site, now, out);
}

/// Down, and not yet to be tried again. No site rests longer than down_max: where it would, the
/// clock was set back since.
bool SitePool::site_rests(Site const& site, Instant now) const {
  bool const down = site.down_for != Duration{0};
  return down && now < site.probe_at && site.probe_at - now <= limits_.down_max;
}

bool SitePool::may_open(Site const& site, Instant now) const {
  if (slots_.size() >= limits_.slots_total_max) return false;
  if (site.down_for == Duration{0}) return site.slots < site.limit;
  return !site.probing && site.slots == 0 && !site_rests(site, now);
}

bool SitePool::take_token(Site& site, Instant now, PoolEffects& out) {
  if (limits_.messages_per_minute == 0) return true;
  double const per_ms = static_cast<double>(limits_.messages_per_minute) / 60'000.0;
  auto const passed = static_cast<double>((now - site.refilled_at).count());
  site.tokens =
      std::min(static_cast<double>(limits_.messages_per_minute), site.tokens + passed * per_ms);
  site.refilled_at = now;
  if (site.tokens >= 1) {
    site.tokens -= 1;
    return true;
  }
  auto const wait = static_cast<Duration::rep>((1 - site.tokens) / per_ms) + 1;
  out.push_back(WakeAt{now + Duration{wait}});
  return false;
}

void SitePool::start_waiting(std::string const& name, Site& site, Instant now, PoolEffects& out) {
  while (!site.waiting.empty()) {
    bool const reuse = !site.idle.empty();
    if (!reuse && !may_open(site, now)) return;
    if (!take_token(site, now, out)) return;
    JobId const job = site.waiting.front();
    site.waiting.pop_front();
    waiting_at_.erase(job);
    if (reuse) {
      PB_MARK(connection_reused);
      SlotId const slot = site.idle.back();  // the youngest: the others may run out
      site.idle.pop_back();
      slots_.at(slot).is_idle = false;
      out.push_back(UseSlot{slot, job});
      continue;
    }
    SlotId const slot = next_slot_++;
    slots_.emplace(slot, Slot{name, false});
    ++site.slots;
    site.probing = site.down_for != Duration{0};
    out.push_back(OpenSlot{slot, job});
  }
}

void SitePool::on_idle(SlotId slot, Instant now, PoolEffects& out) {
  auto const found = slots_.find(slot);
  PB_CHECK(found != slots_.end() && !found->second.is_idle);
  std::string const name = found->second.site;
  Site& site = sites_.at(name);
  if (site.slots > site.limit) PB_MARK(connection_over_limit);
  if (site.slots > site.limit) return out.push_back(CloseSlot{slot});
  found->second.is_idle = true;
  site.idle.push_back(slot);
  start_waiting(name, site, now, out);
  if (slots_.at(slot).is_idle) out.push_back(KeepSlot{slot});
}

void SitePool::on_ended(SlotId slot, Instant now, PoolEffects& out) {
  auto const found = slots_.find(slot);
  PB_CHECK(found != slots_.end());
  std::string const name = found->second.site;
  Site& site = sites_.at(name);
  std::erase(site.idle, slot);
  slots_.erase(found);
  PB_CHECK(site.slots > 0);
  --site.slots;
  if (site.slots == 0) site.probing = false;
  start_waiting(name, site, now, out);
  forget_if_plain(name);
  if (slots_.size() + 1 == limits_.slots_total_max) on_tick(now, out);  // others waited for it
}

void SitePool::on_showed(AttemptShowed const& event, Instant now, PoolEffects& out) {
  std::string const& name = slots_.at(event.slot).site;
  Site& site = sites_.at(name);
  switch (event.showed) {
    case Showed::works:
      site.failures = 0;
      site.down_for = Duration{0};
      site.probing = false;
      if (++site.successes >= site.limit && site.limit < limits_.slots_max) {
        ++site.limit;
        site.successes = 0;
      }
      return start_waiting(name, site, now, out);
    case Showed::throttles:
      PB_MARK(site_throttles);
      site.limit = std::max<std::size_t>(1, site.limit / 2);
      site.successes = 0;
      return;
    case Showed::is_down:
      site.limit = std::max<std::size_t>(1, site.limit / 2);
      site.successes = 0;
      ++site.failures;
      bool const was_down = site.down_for != Duration{0};
      if (!was_down && site.failures < limits_.failures_until_down) return;
      // Attempts that were under way when it went down say nothing new.
      if (was_down && !site.probing) return;
      PB_MARK(site_went_down);
      site.down_for = was_down ? std::min(site.down_for * 2, limits_.down_max) : limits_.down_min;
      site.probe_at = now + site.down_for;
      site.probing = false;
      return give_back_waiting(site, Reason::site_down, site.probe_at, out);
  }
}

void SitePool::give_back_waiting(Site& site, Reason reason, Instant retry_at, PoolEffects& out) {
  for (JobId const job : site.waiting) {
    waiting_at_.erase(job);
    out.push_back(GiveBack{job, reason, retry_at});
  }
  site.waiting.clear();
}

void SitePool::on_withdrawn(JobId job) {
  auto const found = waiting_at_.find(job);
  if (found == waiting_at_.end()) return;
  Site& site = sites_.at(found->second);
  std::erase(site.waiting, job);
  waiting_at_.erase(found);
}

void SitePool::on_tick(Instant now, PoolEffects& out) {
  for (auto& [name, site] : sites_)
    if (!site.waiting.empty()) start_waiting(name, site, now, out);
}

void SitePool::forget_if_plain(std::string const& name) {
  auto const found = sites_.find(name);
  Site const& site = found->second;
  if (site.slots != 0 || !site.waiting.empty()) return;
  bool const plain = site.failures == 0 && site.limit == limits_.slots_start;
  if (plain || sites_.size() > limits_.sites_remembered_max) sites_.erase(found);
}
}  // namespace pb::delivery
