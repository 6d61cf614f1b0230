// resolver.cpp: libunbound with one thread of ours that takes its results and hands them on.
// Spec: ARCHITECTURE.md decision 7 (bogus is read before havedata).      Tests: resolver_test.cpp
#include "runtime/resolver.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "base/check.hpp"
#include "dns/name.hpp"
#include "dns/rdata.hpp"
#include "runtime/dns_cache.hpp"
#include "runtime/handover.hpp"

namespace pb::runtime {
namespace {
constexpr int class_in = 1;
constexpr int type_dnskey = 48;
constexpr int rcode_ok = 0;
constexpr int rcode_refused = 5;

/// Hands the answer to one coroutine that waits.
using Giver = std::function<void(dns::Answer)>;

dns::Security security_of(ub_result const& result, bool validating) {
  if (!validating) return dns::Security::unvalidated;
  return result.secure != 0 ? dns::Security::secure : dns::Security::insecure;
}

/// `bogus` is read first: an answer that did not validate has no data, and is not a "no".
dns::Answer answer_of(dns::Question const& question, ub_result const& result, bool validating) {
  if (result.bogus != 0) return dns::Failed{dns::Failure::bogus};
  dns::Security const security = security_of(result, validating);
  if (result.nxdomain != 0) return dns::NxDomain{security};
  if (result.havedata == 0) {
    if (result.rcode == rcode_ok) return dns::NoData{security};
    bool const refused = result.rcode == rcode_refused;
    return dns::Failed{refused ? dns::Failure::refused : dns::Failure::servfail};
  }
  dns::Found found;
  for (int i = 0; result.data[i] != nullptr; ++i) {
    std::string_view const bytes{result.data[i], static_cast<std::size_t>(result.len[i])};
    if (auto record = dns::parse_rdata(question.type, bytes))
      found.records.push_back(std::move(*record));
  }
  found.security = security;
  found.ttl = std::chrono::seconds{std::max(0, result.ttl)};
  found.canonical_name = dns::normal_name(result.canonname ? result.canonname : question.name);
  return found;
}

struct ContextDeleter {
  void operator()(ub_ctx* context) const { ub_ctx_delete(context); }
};
using Context = std::unique_ptr<ub_ctx, ContextDeleter>;

bool resolv_conf_names_a_server() {
  std::ifstream file{"/etc/resolv.conf"};
  std::string line;
  while (std::getline(file, line))
    if (line.starts_with("nameserver")) return true;
  return false;
}

/// Zones that libunbound answers by itself; with servers configured these are theirs to answer.
constexpr char const* built_in_zones[] = {"test.", "home.arpa.", "onion.", "invalid.",
                                          "127.in-addr.arpa."};

std::expected<Context, std::string> make_context(ResolverSettings const& settings,
                                                 bool validating) {
  Context context{ub_ctx_create()};
  if (!context) return std::unexpected{std::string{"libunbound: no memory"}};
  auto const must = [](int result) { return result == 0; };
  ub_ctx* const ctx = context.get();
  bool ok = must(ub_ctx_async(ctx, 1)) &&
            must(ub_ctx_set_option(ctx, "do-not-query-localhost:", "no")) &&
            must(ub_ctx_set_option(ctx, "unblock-lan-zones:", "yes")) &&
            must(ub_ctx_set_option(ctx, "qname-minimisation:", "yes"));
  if (validating && ok) {
    int const result = ub_ctx_add_ta_file(ctx, settings.trust_anchor_file.c_str());
    if (result != 0)
      return std::unexpected{fmt::format("the DNSSEC trust anchor {} cannot be read: {}",
                                         settings.trust_anchor_file, ub_strerror(result))};
  }
  for (Endpoint const& server : settings.servers) {
    std::string const text = fmt::format("{}@{}", server.address.text(), server.port);
    ok = ok && must(ub_ctx_set_fwd(ctx, text.c_str()));
  }
  if (settings.servers.empty()) {
    ub_ctx_resolvconf(ctx, nullptr);  // without one it asks the root servers itself
    ub_ctx_hosts(ctx, nullptr);
  } else {
    for (char const* const zone : built_in_zones) ub_ctx_zone_remove(ctx, zone);
  }
  if (!ok) return std::unexpected{std::string{"libunbound: could not be set up"}};
  return context;
}
}  // namespace

struct UnboundResolver::Impl {
  Impl(ResolverSettings given, Clock const& the_clock, Log& the_log)
      : settings{std::move(given)},
        clock{the_clock},
        log{the_log},
        cache{settings.cache_entries_max} {}

  /// A question on its way; libunbound's callback gets its address.
  struct Outstanding {
    Impl* impl;
    dns::Question question;
    bool validating;
    std::vector<Giver> waiting;
  };
  struct Check {
    Impl* impl;
  };

  static void on_answer(void* data, int error, ub_result* result);
  static void on_check(void* data, int error, ub_result* result);
  void settle(Outstanding& outstanding, dns::Answer answer, std::chrono::seconds ttl);
  [[nodiscard]] std::chrono::seconds ttl_of(dns::Answer const& answer, int ttl) const;
  bool start(Giver giver, dns::Question const& question);
  void check_forwarder();
  void run();

  ResolverSettings const settings;
  Clock const& clock;
  Log& log;
  bool forwards = false;
  Context validating;  // null: settings.validate is off
  Context plain;       // for a forwarder that strips DNSSEC
  std::atomic<bool> use_plain{false};
  Check check{this};
  Instant next_check{};

  mutable std::mutex mutex;  // guards what follows; never held across a callback or ub_* call
  std::map<dns::Question, std::unique_ptr<Outstanding>> outstanding;
  DnsCache cache;
  ResolverCounts counts;
  bool warned = false;

  int wake_fd = -1;
  std::atomic<bool> stopping{false};
  std::jthread thread;
};

std::chrono::seconds UnboundResolver::Impl::ttl_of(dns::Answer const& answer, int ttl) const {
  std::chrono::seconds const given{std::max(0, ttl)};
  if (std::holds_alternative<dns::Found>(answer)) return std::min(given, settings.ttl_max);
  if (std::holds_alternative<dns::Failed>(answer)) return settings.failure_ttl;
  return std::min(given, settings.negative_ttl_max);
}

void UnboundResolver::Impl::on_answer(void* data, int error, ub_result* result) {
  auto* const outstanding = static_cast<Outstanding*>(data);
  dns::Answer answer = dns::Failed{dns::Failure::servfail};
  int ttl = 0;
  if (error == 0 && result != nullptr) {
    answer = answer_of(outstanding->question, *result, outstanding->validating);
    ttl = result->ttl;
  }
  ub_resolve_free(result);
  Impl& impl = *outstanding->impl;
  std::chrono::seconds const keep = impl.ttl_of(answer, ttl);
  impl.settle(*outstanding, std::move(answer), keep);
}

void UnboundResolver::Impl::settle(Outstanding& done, dns::Answer answer,
                                   std::chrono::seconds ttl) {
  std::unique_ptr<Outstanding> owned;
  {
    std::lock_guard const lock{mutex};
    cache.put(done.question, answer, clock.now() + ttl);
    auto const* failed = std::get_if<dns::Failed>(&answer);
    if (failed && failed->failure == dns::Failure::bogus) ++counts.bogus;
    auto const found = outstanding.find(done.question);
    PB_CHECK(found != outstanding.end());
    owned = std::move(found->second);
    outstanding.erase(found);
  }
  for (Giver const& give : owned->waiting) give(answer);
}

/// False: too many are on their way.
bool UnboundResolver::Impl::start(Giver giver, dns::Question const& question) {
  Outstanding* started = nullptr;
  {
    std::lock_guard const lock{mutex};
    auto const found = outstanding.find(question);
    if (found != outstanding.end()) {
      found->second->waiting.push_back(std::move(giver));
      return true;
    }
    if (outstanding.size() >= settings.outstanding_max) return false;
    bool const validate = validating && !use_plain.load();
    auto made = std::make_unique<Outstanding>(Outstanding{this, question, validate, {}});
    made->waiting.push_back(std::move(giver));
    started = made.get();
    outstanding.emplace(question, std::move(made));
  }
  ub_ctx* const context = started->validating ? validating.get() : plain.get();
  int const result =
      ub_resolve_async(context, question.name.c_str(), static_cast<int>(question.type), class_in,
                       started, &Impl::on_answer, nullptr);
  if (result != 0) settle(*started, dns::Failed{dns::Failure::servfail}, std::chrono::seconds{0});
  return true;
}

/// A forwarder that hands on DNSSEC can prove the root's keys; one that strips it makes everything
/// look bogus (a home router, a container's resolver).
void UnboundResolver::Impl::check_forwarder() {
  if (!forwards || !validating) return;
  ub_resolve_async(validating.get(), ".", type_dnskey, class_in, &check, &Impl::on_check, nullptr);
}

void UnboundResolver::Impl::on_check(void* data, int error, ub_result* result) {
  Impl& impl = *static_cast<Check*>(data)->impl;
  bool const validates = error == 0 && result != nullptr && result->secure != 0;
  ub_resolve_free(result);
  bool const strips = !validates;
  bool warn = false;
  {
    std::lock_guard const lock{impl.mutex};
    if (impl.use_plain.exchange(strips) != strips) impl.cache.clear();
    impl.counts.forwarder_strips_dnssec = strips;
    warn = strips && !impl.warned;
    impl.warned = strips;
  }
  if (warn)
    impl.log.warning("dnssec_unavailable",
                     {{"text",
                       "the DNS forwarder does not hand on DNSSEC; answers are taken "
                       "without validation"}});
}

void UnboundResolver::Impl::run() {
  next_check = clock.now() + settings.strip_check_every;
  std::vector<pollfd> fds{{wake_fd, POLLIN, 0}};
  for (Context const* context : {&validating, &plain})
    if (*context) fds.push_back({ub_fd(context->get()), POLLIN, 0});
  while (!stopping.load()) {
    poll(fds.data(), fds.size(), 60'000);
    if (stopping.load()) return;
    for (Context const* context : {&validating, &plain})
      if (*context) ub_process(context->get());
    if (clock.now() < next_check) continue;
    next_check = clock.now() + settings.strip_check_every;
    check_forwarder();
  }
}

UnboundResolver::UnboundResolver(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

std::expected<std::shared_ptr<UnboundResolver>, std::string> UnboundResolver::make(
    ResolverSettings settings, Clock const& clock, Log& log) {
  auto impl = std::make_unique<Impl>(std::move(settings), clock, log);
  impl->forwards = !impl->settings.servers.empty() || resolv_conf_names_a_server();
  if (impl->settings.validate) {
    auto context = make_context(impl->settings, true);
    if (!context) return std::unexpected{std::move(context.error())};
    impl->validating = std::move(*context);
  }
  if (!impl->validating || impl->forwards) {
    auto context = make_context(impl->settings, false);
    if (!context) return std::unexpected{std::move(context.error())};
    impl->plain = std::move(*context);
  }
  impl->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (impl->wake_fd < 0) return std::unexpected{std::string{"no descriptor for the resolver"}};
  // The first answer of the check decides which context answers; until then nothing is bogus
  // because of it.
  if (impl->forwards && impl->validating) impl->use_plain = true;
  impl->check_forwarder();
  Impl& running = *impl;
  impl->thread = std::jthread{[&running] { running.run(); }};
  // shared: connections of all cores hold it beyond a reload.
  return std::shared_ptr<UnboundResolver>{new UnboundResolver{std::move(impl)}};
}

void UnboundResolver::stop() {
  if (impl_->stopping.exchange(true)) return;
  std::uint64_t const one = 1;
  [[maybe_unused]] auto const written = write(impl_->wake_fd, &one, sizeof one);
  impl_->thread.join();
}

UnboundResolver::~UnboundResolver() {
  stop();
  // Deleting a context ends its threads and drops what is on its way without calling back.
  impl_->validating.reset();
  impl_->plain.reset();
  close(impl_->wake_fd);
}

asio::awaitable<dns::Answer> UnboundResolver::ask(dns::Question question) {
  question.name = dns::normal_name(question.name);
  if (impl_->stopping.load()) co_return dns::Failed{dns::Failure::refused};
  // What cannot exist is not asked for.
  if (!dns::valid_name(question.name)) co_return dns::NxDomain{};
  {
    std::lock_guard const lock{impl_->mutex};
    ++impl_->counts.asked;
    if (auto hit = impl_->cache.find(question, impl_->clock.now())) {
      ++impl_->counts.cache_hits;
      co_return std::move(*hit);
    }
  }
  Handover<dns::Answer> answered{co_await asio::this_coro::executor};
  if (!impl_->start(answered.giver(), question)) co_return dns::Failed{dns::Failure::refused};
  if (auto answer = co_await answered.take(impl_->settings.wait)) co_return std::move(*answer);
  std::lock_guard const lock{impl_->mutex};
  ++impl_->counts.timeouts;
  co_return dns::Failed{dns::Failure::timeout};
}

ResolverCounts UnboundResolver::counts() const {
  std::lock_guard const lock{impl_->mutex};
  ResolverCounts out = impl_->counts;
  out.cache_entries = impl_->cache.size();
  return out;
}

void UnboundResolver::forget() {
  std::lock_guard const lock{impl_->mutex};
  impl_->cache.clear();
}

asio::awaitable<dns::Answer> WorldResolver::ask(dns::Question question) {
  question.name = dns::normal_name(question.name);
  co_return world_.answer(question);
}

namespace {
asio::awaitable<void> ask_one(Resolver& resolver, dns::Question question, dns::Answer& into,
                              std::size_t& left, asio::steady_timer& done) {
  into = co_await resolver.ask(std::move(question));
  if (--left == 0) done.cancel();
}
}  // namespace

asio::awaitable<void> ask_all(Resolver& resolver, std::vector<dns::Question> questions,
                              dns::Facts& facts) {
  if (questions.empty()) co_return;
  auto const executor = co_await asio::this_coro::executor;
  std::vector<dns::Answer> answers(questions.size(), dns::Failed{dns::Failure::timeout});
  asio::steady_timer done{executor, asio::steady_timer::time_point::max()};
  std::size_t left = questions.size();
  for (std::size_t i = 0; i + 1 < questions.size(); ++i)
    asio::co_spawn(executor, ask_one(resolver, questions[i], answers[i], left, done),
                   [](std::exception_ptr) {});
  co_await ask_one(resolver, questions.back(), answers.back(), left, done);
  while (left != 0) {
    boost::system::error_code ignored;
    co_await done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  for (std::size_t i = 0; i < questions.size(); ++i)
    facts.insert_or_assign(std::move(questions[i]), std::move(answers[i]));
}
}  // namespace pb::runtime
