// people.cpp: those who speak SMTP well: one letter each, by our own client session.
// Spec: RFC 5321 §4.5.4.1 (they try again).                   Not here: the others (hostile.cpp).
#include "sim/people.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "sim/world.hpp"

namespace pb::sim {
namespace client = smtp::client;

namespace {
constexpr std::array<std::string_view, 4> users{"anna", "bert", "carl", "dora"};
constexpr int tries_max = 6;

class Submitter final : public Person, public ClientLink::Owner {
 public:
  Submitter(SimWorld& world, std::optional<std::size_t> domain) : world_{world}, domain_{domain} {}
  ~Submitter() override {
    if (link_) link_->disown();
  }
  void begin() override {
    ++world_.counts.letters;
    choose();
    write();
    try_now();
  }
  void on_done(client::Transcript transcript) override {
    for (client::RecipientResult const& one : transcript.recipients) {
      taken_ |= one.delivered();
      look_at(one.reply);
    }
    look_at(transcript.reply);
  }
  void on_idle() override { link_->quit(); }
  void on_closed() override {
    link_.reset();
    if (taken_ || ++tries_ >= tries_max) return;
    Duration const wait = world_.random.between(std::chrono::minutes{1}, std::chrono::minutes{20});
    world_.time.after(wait, [this] { try_now(); });
  }

 private:
  void choose();
  void choose_wishes(mail::ForwardPath& path);
  void add_recipient(std::string local_part, std::string const& domain);
  void write();
  void try_now();
  void look_at(std::optional<client::RemoteReply> const& reply) {
    if (!reply || !reply->is_permanent()) return;
    for (auto& checker : world_.checkers) checker->on_refusal(*letter_, reply->text);
  }

  SimWorld& world_;
  std::optional<std::size_t> domain_;  // where all of its recipients are
  Caller caller_;
  client::Transaction transaction_;
  Letter const* letter_ = nullptr;
  std::shared_ptr<std::string const> content_;  // shared with the link
  std::shared_ptr<ClientLink> link_;
  bool taken_ = false;
  int tries_ = 0;
};

void Submitter::choose() {
  SimRandom& dice = world_.random;
  if (dice.hits(world_.scenario.strangers)) {
    caller_ = {smtp::server::Role::relay, false};
  } else if (dice.one_in(2)) {
    caller_ = {smtp::server::Role::relay, true};
  } else {
    caller_.role =
        dice.one_in(2) ? smtp::server::Role::submission : smtp::server::Role::submission_alt;
  }
  mail::Envelope& envelope = transaction_.envelope;
  if (caller_.role != smtp::server::Role::relay)
    envelope.reverse_path.mailbox = mail::Mailbox{"anna", {"our.test"}};
  else if (!dice.hits(world_.scenario.null_paths))
    envelope.reverse_path.mailbox =
        mail::Mailbox{"ok", {fmt::format("d{}.test", dice.below(Sites::mx_domains))}};
  if (caller_.stranger()) {
    std::uint64_t const first = dice.below(users.size());
    for (std::uint64_t i = 0; i <= dice.below(2); ++i)
      add_recipient(std::string{users[(first + i) % users.size()]}, "our.test");
    return;
  }
  std::uint64_t const count = 1 + dice.below(world_.scenario.recipients_max);
  if (!domain_ && dice.one_in(4)) domain_ = dice.below(world_.sites.domains().size());
  for (std::uint64_t i = 0; i < count; ++i) {
    SimDomain const& domain = world_.sites.domains()[domain_ ? *domain_ : world_.next_domain()];
    std::string local_part = fmt::format("ok{}", i);
    if (dice.hits(world_.scenario.dead_ends)) local_part = fmt::format("gone{}", i);
    if (dice.hits(world_.scenario.busy)) local_part = fmt::format("busy{}", i);
    if (domain.kind == DomainKind::local) local_part = users[i % users.size()];
    add_recipient(std::move(local_part), domain.name);
  }
  if (dice.hits(world_.scenario.notify) && caller_.trusted) envelope.priority = 3;
}

void Submitter::add_recipient(std::string local_part, std::string const& domain) {
  mail::ForwardPath path{mail::Mailbox{std::move(local_part), {domain}}, {}, ""};
  for (auto const& other : transaction_.envelope.forward_paths)
    if (other.mailbox == path.mailbox) return;
  choose_wishes(path);
  transaction_.envelope.forward_paths.push_back(std::move(path));
}

void Submitter::choose_wishes(mail::ForwardPath& path) {
  SimRandom& dice = world_.random;
  if (!dice.hits(world_.scenario.notify)) return;
  path.notify.specified = true;
  path.notify.never = dice.one_in(3);
  if (path.notify.never) return;
  path.notify.success = dice.one_in(2);
  path.notify.failure = dice.one_in(2);
  path.notify.delay = !path.notify.success && !path.notify.failure;
}

/// Lines that begin with dots, long ones, bytes over 0x7F: what a transfer may spoil.
void Submitter::write() {
  SimRandom& dice = world_.random;
  Letter& letter = world_.ledger.new_letter();
  letter_ = &letter;
  std::string const from =
      caller_.role == smtp::server::Role::relay ? "x@d1.test" : "anna@our.test";
  letter.content = fmt::format(
      "From: <{}>\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <{}@d1.test>\r\n"
      "X-Sim: {}\r\nSubject: s\r\n\r\n",
      from, letter.number, letter.number);
  bool const eight_bit = dice.one_in(5);
  std::uint64_t const lines = dice.below(20);
  for (std::uint64_t i = 0; i < lines; ++i) {
    if (dice.one_in(4)) letter.body += dice.one_in(2) ? "." : "..";
    letter.body.append(dice.below(70), static_cast<char>('a' + i));
    if (eight_bit && i % 3 == 0) letter.body += "\xC3\xA9";
    letter.body += "\r\n";
  }
  letter.content += letter.body;
  transaction_.eight_bit = eight_bit && lines != 0;
  transaction_.octets = letter.content.size();
  for (auto const& path : transaction_.envelope.forward_paths)
    letter.recipients.push_back(path.mailbox.text());
  content_ = std::make_shared<std::string const>(letter.content);
}

void Submitter::try_now() {
  client::Settings settings;
  settings.ehlo_name = "client.test";
  settings.record_dialogue = false;
  settings.use_pipelining = !world_.random.one_in(3);
  settings.use_chunking = !world_.random.one_in(2);
  if (caller_.role != smtp::server::Role::relay) {
    settings.tls = client::TlsUse::verified;
    settings.credentials = sasl::Credentials{"anna@our.test", "right", ""};
    settings.client_nonce = "simulated-nonce-of-some-length";
  }
  link_ = std::make_shared<ClientLink>(world_.time, settings, this);
  auto const link = link_;
  if (auto wire = world_.call_server(caller_))
    link->connect(std::move(wire));
  else
    link->fail_to_connect(client::Fault::connect_failed, Duration{10});
  link->begin(transaction_, content_);
}
}  // namespace

accounts::Directory const& directory() {
  static accounts::Directory const made = [] {
    std::vector<accounts::Account> accounts;
    for (std::string_view const user : users) {
      accounts::Account account;
      account.name = fmt::format("{}@our.test", user);
      accounts.push_back(std::move(account));
    }
    accounts::DomainRules rules;
    rules.name = "our.test";
    return accounts::Directory{std::move(accounts), {rules}, "mx.our.test"};
  }();
  return made;
}

sasl::Answer answer_login(sasl::Question const& question) {
  auto const* const check = std::get_if<sasl::PasswordCheck>(&question);
  if (check == nullptr || check->password != "right") return sasl::Denied{};
  return sasl::Granted{check->user};
}

std::unique_ptr<Person> make_submitter(SimWorld& world, std::optional<std::size_t> domain) {
  return std::make_unique<Submitter>(world, domain);
}
}  // namespace pb::sim
