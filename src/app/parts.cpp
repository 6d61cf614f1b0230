// parts.cpp: what stands behind a listening server: accounts, judge, authenticator, queue, inbox.
// Spec: ARCHITECTURE.md "One message, one direction" 1-3.      Tests: tests/end_to_end
// Not here: the order of starting (serve.cpp), the parts themselves.
#include "app/parts.hpp"

#include <boost/json.hpp>
#include <map>
#include <mutex>

#include "app/delivery_settings.hpp"
#include "app/expansion_settings.hpp"
#include "app/locked_random.hpp"
#include "app/logged_intake.hpp"
#include "app/mail_auth_settings.hpp"
#include "app/mailboxes.hpp"
#include "app/sending.hpp"
#include "app/server_settings.hpp"
#include "runtime/account_records.hpp"
#include "runtime/captured_messages.hpp"
#include "runtime/dmarc_reporter.hpp"
#include "runtime/guards.hpp"
#include "runtime/journal_keeper.hpp"
#include "runtime/policy_judge.hpp"
#include "runtime/queue_desk.hpp"
#include "runtime/queue_intake.hpp"
#include "runtime/queue_runner.hpp"
#include "runtime/remote_prober.hpp"
#include "runtime/report_maker.hpp"
#include "runtime/rocks_store.hpp"
#include "runtime/storage_pool.hpp"

namespace pb::app {
namespace {
namespace json = boost::json;

runtime::QueueRunnerSettings runner_settings(Config const& config) {
  runtime::QueueRunnerSettings out;
  out.queue.retry.steps = config.delivery.retry;
  out.queue.retry.warn_after = config.delivery.warn_after;
  return out;
}

runtime::GuardSettings guard_settings(Config const& config) {
  runtime::GuardSettings out;
  out.data_dir = config.data_dir;
  out.free_share_min = static_cast<double>(config.limits.free_disk) / 100.0;
  out.queue_messages_max = config.limits.queue_messages;
  return out;
}

/// The deliver = of each of our domains, by key; in the sandbox "sandbox" for all the world.
class Destinations {
 public:
  explicit Destinations(Config const& config) : sandbox_{config.sandbox} {
    for (DomainConfig const& domain : config.domains)
      by_domain_[mail::Domain{domain.name}.key()] = deliver_of(config, domain);
  }
  [[nodiscard]] bool is(mail::ForwardPath const& path, std::string_view deliver) const {
    if (sandbox_) return deliver == "sandbox";
    auto const found = by_domain_.find(path.mailbox.domain.key());
    return found != by_domain_.end() && found->second == deliver;
  }

 private:
  bool sandbox_;
  std::map<std::string, std::string> by_domain_;
};

using Expand = std::function<delivery::Expanded(mail::Envelope const&, Instant)>;

runtime::IntakeSettings intake_settings(Config const& config, Expand expand) {
  auto const where = std::make_shared<Destinations const>(config);  // shared by two questions
  runtime::IntakeSettings out;
  out.body_in_memory_max = config.limits.body_in_memory;
  out.expire_after = config.delivery.expire_after;
  out.is_captured = [where](smtp::server::SessionFacts const&, mail::ForwardPath const& path) {
    return where->is(path, "sandbox");
  };
  out.is_discarded = [where](mail::ForwardPath const& path) { return where->is(path, "discard"); };
  if (!config.sandbox) out.expand = std::move(expand);
  return out;
}

runtime::JournalRetention journal_retention(Config const& config) {
  return {.keep = Duration{static_cast<Duration::rep>(config.limits.journal_age)},
          .octets_max = config.limits.journal_size};
}

runtime::ReportSettings report_settings(Config const& config, Expand expand) {
  auto const where = std::make_shared<Destinations const>(config);  // shared with the reports
  std::map<std::string, text::Language> languages;
  for (DomainConfig const& domain : config.domains) {
    languages[mail::Domain{domain.name}.key()] =
        text::parse_language(domain.language).value_or(text::Language::en);
  }
  runtime::ReportSettings out;
  out.hostname = config.hostname;
  out.expire_after = config.delivery.expire_after;
  out.language_of = [languages = std::move(languages)](std::string const& domain) {
    auto const found = languages.find(domain);
    return found == languages.end() ? text::Language::en : found->second;
  };
  out.is_captured = [where](mail::ForwardPath const& path) { return where->is(path, "sandbox"); };
  out.expand = std::move(expand);
  return out;
}
}  // namespace

struct Parts::Impl {
  Impl(LoadedConfig const& the_loaded, std::unique_ptr<runtime::RocksStore> the_store,
       Clock const& the_clock, Log& the_log)
      : loaded{the_loaded},
        clock{the_clock},
        log{the_log},
        store{std::move(the_store)},
        accounts{*store},
        guards{guard_settings(*loaded.config), clock},
        runner{*store, runner_settings(*loaded.config), clock, random, log},
        reports{runner, report_settings(*loaded.config, {}), clock, random, log},
        journal_keeper{*store, journal_retention(*loaded.config), clock, log},
        captured{*store, &runner},
        desk{*store, &runner} {}
  ~Impl() { stop(); }
  Impl(Impl const&) = delete;
  Impl& operator=(Impl const&) = delete;

  void stop() {
    journal_keeper.stop();
    if (dmarc_reporter) dmarc_reporter->stop();  // it asks the DNS
    if (sending) sending->stop();
    runner.stop();
  }

  /// Reads the accounts anew; what cannot be read leaves the old ones.
  std::expected<void, std::string> read_accounts() {
    auto records = accounts.load_all();
    if (!records)
      return std::unexpected("the accounts cannot be read from " + loaded.config->data_dir +
                             ": packetboat store check");
    auto directory = directory_of(loaded, std::move(*records));
    if (snapshot == nullptr)
      snapshot = std::make_shared<runtime::DirectorySnapshot>(std::move(directory));
    else
      snapshot->set(std::move(directory));
    return {};
  }

  runtime::PolicyJudgeParts judge_parts(std::shared_ptr<delivery::Expansion const> expansion) {
    runtime::PolicyJudgeParts out{snapshot, network_table(*loaded.config), authenticator,
                                  mailbox_gauge(*loaded.config, snapshot, pool, clock)};
    out.probe = recipient_probe(*loaded.config, clock);
    out.takes_bounces = [this, expansion](mail::Mailbox const& mailbox) {
      return delivery::takes_bounces(mailbox, *expansion, clock.now());
    };
    return out;
  }

  void make_services() {
    Config const& config = *loaded.config;
    // Shared by what is accepted, asked and reported from now on.
    auto const expansion =
        std::make_shared<delivery::Expansion const>(expansion_of(loaded, snapshot));
    Expand const expand = [expansion](mail::Envelope const& envelope, Instant now) {
      return delivery::expand(envelope, *expansion, now);
    };
    services.authenticator = authenticator;
    services.judge = std::make_shared<runtime::PolicyJudge>(judge_parts(expansion), clock, log);
    auto const signer = dkim_signer(loaded);  // shared by the intake and the reports
    auto intake =
        runtime::make_queue_intake(runner, pool, guards, clock, intake_settings(config, expand));
    // The sandbox knows nobody by name: it asks no DNS and signs nothing.
    if (sending)
      intake = runtime::make_mail_auth_intake(std::move(intake), sending->resolver(), clock, log,
                                              auth_settings(signer, expansion));
    services.intake = logged(std::move(intake), log);
    services.prober = prober;
    if (prober != nullptr)
      prober->set({config.limits.xprobe_per_hour, config.networks.xprobe, config.hostname});
    runtime::ReportSettings reporting = report_settings(config, expand);
    reporting.sign = [signer, this](std::string_view message) {
      return signer->sign(message, clock.now());
    };
    if (dmarc_reporter)
      dmarc_reporter->set({config.dmarc.reports, config.dmarc.report_every,
                           config.dmarc.report_from.empty() ? "postmaster@" + config.hostname
                                                            : config.dmarc.report_from,
                           reporting});
    reports.reload(std::move(reporting));
  }

  runtime::MailAuthSettings auth_settings(
      std::shared_ptr<runtime::DkimSigner const> const& signer,
      std::shared_ptr<delivery::Expansion const> const& expansion) {
    runtime::MailAuthSettings out = mail_auth_settings(*loaded.config, signer);
    if (auto key = arc_key(loaded))
      out.sealing.emplace(std::move(*key), [this, expansion](mail::Envelope const& envelope) {
        return delivery::leads_elsewhere(envelope, *expansion, clock.now());
      });
    if (loaded.config->dmarc.reports)
      out.on_dmarc = [this](runtime::AggregateFact const& fact) { dmarc_reporter->add(fact); };
    return out;
  }

  /// The sandbox sends nothing out: it has none.
  std::expected<void, std::string> start_sending() {
    if (loaded.config->sandbox) return {};
    auto made = Sending::make(
        loaded, {pool, *snapshot, clock, random, log,
                 [this](queue::AttemptDone done) { runner.settle(std::move(done)); },
                 [this](queue::LeaseId lease, QueueId id) { runner.sending(lease, id); }});
    if (!made) return std::unexpected(made.error());
    sending = std::move(*made);
    files = runtime::real_files();
    dmarc_reporter = std::make_unique<runtime::DmarcReporter>(runtime::DmarcReporterParts{
        sending->resolver(), *files, loaded.config->data_dir, clock, random, log,
        [this] { return runner.make_id(); },
        [this](queue::NewMessage message) {
          // Should it not become durable, that domain misses one report.
          runner.accept(std::move(message), [](queue::CommitVerdict) {});
        }});
    prober = std::make_shared<runtime::RemoteProber>(sending->resolver(), clock, log);
    runner.set_lease_sink(&sending->sink());
    runner.set_report_sink(&reports);
    return {};
  }

  LoadedConfig loaded;
  std::mutex mutex;  // of loaded and services: SIGHUP and the admin socket
  Clock const& clock;
  Log& log;
  LockedRandom random;
  std::unique_ptr<runtime::RocksStore> store;
  runtime::AccountRecords accounts;
  std::shared_ptr<runtime::DirectorySnapshot> snapshot;  // shared with judges of old sessions
  std::shared_ptr<runtime::PasswordAuthenticator> authenticator;  // shared as above
  runtime::Guards guards;
  runtime::StoragePool pool;
  runtime::QueueRunner runner;
  runtime::ReportMaker reports;
  runtime::JournalKeeper journal_keeper;
  runtime::CapturedMessages captured;
  runtime::QueueDesk desk;
  std::shared_ptr<runtime::FileSystem> files;              // as its maker gives it
  std::unique_ptr<runtime::DmarcReporter> dmarc_reporter;  // stopped before the resolver it asks
  std::unique_ptr<Sending> sending;               // stopped before the runner that lends to it
  std::shared_ptr<runtime::RemoteProber> prober;  // shared with sessions; null in the sandbox
  runtime::Services services;
};

Parts::Parts(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Parts::~Parts() = default;

std::expected<std::unique_ptr<Parts>, std::string> Parts::open(LoadedConfig const& loaded,
                                                               Clock const& clock, Log& log) {
  runtime::StoreSettings settings;
  settings.data_dir = loaded.config->data_dir;
  auto store = runtime::RocksStore::open(std::move(settings));
  if (!store) return std::unexpected(store.error().text);
  auto impl = std::make_unique<Impl>(loaded, std::move(*store), clock, log);
  if (auto read = impl->read_accounts(); !read) return std::unexpected(read.error());
  auto const pool = std::make_shared<runtime::Argon2Pool>(
      runtime::Argon2PoolOptions{.waiting_max = loaded.config->limits.password_checks});
  impl->authenticator = std::make_shared<runtime::PasswordAuthenticator>(
      impl->snapshot, pool, clock, impl->random, log,
      runtime::PasswordAuthenticatorOptions{impl->accounts.secret().value_or(""), {}});
  if (auto sending = impl->start_sending(); !sending) return std::unexpected(sending.error());
  impl->make_services();
  if (auto started = impl->runner.start(); !started) return std::unexpected(started.error());
  impl->journal_keeper.start();
  if (impl->dmarc_reporter) impl->dmarc_reporter->start();
  return std::unique_ptr<Parts>{new Parts{std::move(impl)}};
}

runtime::Services Parts::services() const {
  std::lock_guard const lock{impl_->mutex};
  return impl_->services;
}

std::expected<void, std::string> Parts::reload(LoadedConfig const& loaded) {
  std::lock_guard const lock{impl_->mutex};
  LoadedConfig before = std::exchange(impl_->loaded, loaded);
  auto changed =
      impl_->sending ? impl_->sending->reload(loaded) : std::expected<void, std::string>{};
  if (changed) changed = impl_->read_accounts();
  if (!changed) {
    impl_->loaded = std::move(before);
    return changed;
  }
  impl_->make_services();
  impl_->journal_keeper.set_retention(journal_retention(*loaded.config));
  return {};
}

api::Backend Parts::backend() {
  api::Backend backend;
  backend.clock = &impl_->clock;
  backend.random = &impl_->random;
  backend.accounts = &impl_->accounts;
  backend.captured = &impl_->captured;
  backend.queue = &impl_->desk;
  backend.store = impl_->store.get();
  backend.site_of = [impl = impl_.get()](std::string const& domain) {
    std::optional<api::SiteNow> out;
    if (!impl->sending) return out;
    if (auto const found = impl->sending->look_at(mail::Domain{domain}.key()))
      out.emplace(found->site, found->view);
    return out;
  };
  backend.our_domains = [impl = impl_.get()] {
    std::lock_guard const lock{impl->mutex};
    return our_domains(*impl->loaded.config);
  };
  backend.accounts_changed = [impl = impl_.get()](std::string const& forget) {
    std::lock_guard const lock{impl->mutex};
    if (auto const read = impl->read_accounts(); !read)
      impl->log.error("accounts-unreadable", {{"why", read.error()}});
    if (!forget.empty()) impl->authenticator->forget(forget);
  };
  return backend;
}

void Parts::health(json::object& out) const {
  auto const queued = impl_->runner.messages_queued();
  auto const pressure = impl_->guards.pressure(queued);
  bool const accepting = impl_->runner.accepting() && pressure == runtime::Pressure::none;
  out["queued"] = queued;
  out["accepting"] = accepting;
  if (accepting) return;
  out["status"] = "not accepting mail";
  out["why"] = impl_->runner.accepting() ? std::string{runtime::name(pressure)}
                                         : std::string{"the store failed, or the queue is full"};
}

void Parts::stop() { impl_->stop(); }
}  // namespace pb::app
