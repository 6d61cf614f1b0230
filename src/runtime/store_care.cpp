// store_care.cpp: one pass over each family of records.
// Spec: queue/message_record.hpp, journal/entry.hpp, accounts/record.hpp. Tests:
// store_care_test.cpp
#include "runtime/store_care.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <system_error>

#include "accounts/record.hpp"
#include "base/encoding.hpp"
#include "journal/entry.hpp"
#include "queue/message_record.hpp"
#include "runtime/message_bytes.hpp"
#include "runtime/queue_loader.hpp"

namespace pb::runtime {
namespace {
using queue::Family;
using queue::KeyKind;
constexpr unsigned rounds_max = 4;  // a removed envelope leaves states, which go in the next
constexpr std::uint64_t exported_octets_max = 1ULL << 30;

class Checker {
 public:
  explicit Checker(RocksStore& store) : store_{store} {}

  StoreFindings run() {
    std::vector<QueueId> const files = store_.body_files().list();
    files_ = {files.begin(), files.end()};
    found_.body_files = files.size();
    read(Family::envelopes, &Checker::envelope);
    read(Family::bodies, &Checker::body);
    read(Family::journal, &Checker::journal_entry);
    read(Family::accounts, &Checker::account);
    found_.loose_files = files_.size();
    if (auto const blocks = store_.verify(); !blocks)
      damage(Family::envelopes, "", "a table file: " + blocks.error());
    return std::move(found_);
  }

 private:
  using Look = void (Checker::*)(std::string_view key, std::string_view value);
  void read(Family family, Look look) {
    auto const take = [&](auto key, auto value) { return look_at(look, key, value); };
    if (!store_.scan(family, "", "", take))
      damage(family, "", "records cannot be read to their end");
  }

  bool look_at(Look look, std::string_view key, std::string_view value) {
    (this->*look)(key, value);
    return found_.damages.size() < damages_max;
  }

  void damage(Family family, std::string_view key, std::string text) {
    if (found_.damages.size() >= damages_max) return;
    found_.damages.push_back({family, std::string{key}, std::move(text)});
  }

  /// It may have been delivered since the pass began.
  [[nodiscard]] bool is_gone(std::string_view key) const {
    auto const now = store_.get(Family::envelopes, key);
    return now && !*now;
  }

  void envelope(std::string_view key, std::string_view value) {
    auto const parsed = queue::parse_key(key);
    if (!parsed) return damage(Family::envelopes, key, "a key that is none of ours");
    std::string const id = parsed->id.text();
    if (parsed->kind == KeyKind::envelope) return message(key, parsed->id, value);
    if (parsed->id != message_ && !is_gone(key))
      return damage(Family::envelopes, key, id + ": a state without an envelope");
    bool const whole = parsed->kind == KeyKind::note ? queue::decode_note(value).has_value()
                                                     : queue::decode_state(value).has_value();
    if (!whole) damage(Family::envelopes, key, id + ": a damaged state");
  }

  void message(std::string_view key, QueueId id, std::string_view value) {
    message_ = id;
    auto const record = queue::decode_message(id, value);
    if (!record) return damage(Family::envelopes, key, id.text() + ": a damaged or newer envelope");
    ++found_.messages;
    found_.recipients += record->phases.size();
    found_.captured += record->captured ? 1 : 0;
    found_.octets += record->message.trace.size() + record->message.body_octets;
    std::string const problem = content_problem(*record);
    if (!problem.empty() && !is_gone(key))
      damage(Family::envelopes, key, id.text() + ": " + problem);
  }

  std::string content_problem(queue::MessageRecord const& record) {
    QueueId const id = record.message.id;
    auto const body = store_.get(Family::bodies, queue::body_key(id));
    if (!body || !*body) return "its content is missing";
    if ((*body)->size() != record.inline_octets) return "its content has another length";
    if (!record.message.body_in_file) return {};
    files_.erase(id);
    auto const in_file = store_.body_files().octets(id);
    if (!in_file) return "its body file is missing";
    if (*in_file + record.inline_octets != record.message.body_octets)
      return "its body file has another length";
    return {};
  }

  void body(std::string_view key, std::string_view) {
    QueueId const id = queue::parse_body_key(key);
    if (id == QueueId{}) return damage(Family::bodies, key, "a content's key that is none of ours");
    auto const named = store_.get(Family::envelopes, queue::envelope_key(id));
    if (named && *named) return;
    auto const still_there = store_.get(Family::bodies, key);
    if (still_there && *still_there)
      damage(Family::bodies, key, id.text() + ": a content without an envelope");
  }

  void journal_entry(std::string_view key, std::string_view value) {
    if (journal::parse_index_key(key)) return;
    auto const sequence = journal::parse_entry_key(key);
    if (!sequence) return damage(Family::journal, key, "a journal key that is none of ours");
    ++found_.journal_entries;
    if (!journal::decode(*sequence, value))
      damage(Family::journal, key, fmt::format("journal entry {}: damaged", *sequence));
  }

  void account(std::string_view key, std::string_view value) {
    if (key.empty() || key.front() < ' ') return;  // a secret of ours, not an account
    ++found_.accounts;
    if (!accounts::account_from_json(value))
      damage(Family::accounts, key, "account " + escape_for_display(key, 255) + ": damaged");
  }

  RocksStore& store_;
  StoreFindings found_;
  std::set<QueueId> files_;  // that no envelope has named yet
  QueueId message_;
};

std::string_view name(Family family) {
  switch (family) {
    case Family::envelopes:
      return "envelopes";
    case Family::bodies:
      return "bodies";
    case Family::journal:
      return "journal";
    case Family::accounts:
      return "accounts";
  }
  return "unknown";
}

bool write_file(std::filesystem::path const& path, std::string_view bytes) {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.flush();
  return file.good();
}

/// For the owner only.
bool make_directory(std::filesystem::path const& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return false;
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  return !error;
}

/// RFC 8259 §7: what must be escaped in a string; bytes that are no UTF-8 are shown as \xNN.
std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (char const c : escape_for_display(text, 4096)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string envelope_line(queue::QueuedMessage const& message) {
  std::string recipients;
  for (mail::ForwardPath const& path : message.envelope.forward_paths)
    recipients += (recipients.empty() ? "" : ",") + json_text(path.mailbox.text());
  return fmt::format(R"({{"id":{},"reverse_path":{},"recipients":[{}],"account":{}}})"
                     "\n",
                     json_text(message.id.text()), json_text(message.envelope.reverse_path.text()),
                     recipients, json_text(message.account));
}

std::optional<std::string> content_of(RocksStore& store, LoadedMessage const& loaded) {
  MessageBytes bytes{loaded.message, loaded.inline_bytes, store.body_files()};
  auto all = bytes.read_all(exported_octets_max);
  if (!all) return std::nullopt;
  return std::move(*all);
}
}  // namespace

StoreFindings check_store(RocksStore& store) { return Checker{store}.run(); }

std::expected<StoreRepair, std::string> repair_store(RocksStore& store) {
  StoreRepair done;
  std::filesystem::path const saved = store.data_dir() + "/damaged";
  for (unsigned round = 0; round < rounds_max; ++round) {
    queue::Batch batch;
    for (StoreFindings::Damage const& damage : check_store(store).damages) {
      if (damage.key.empty()) continue;  // nothing that could be taken out
      auto const value = store.get(damage.family, damage.key);
      if (!make_directory(saved))
        return std::unexpected(saved.string() + " cannot be made: nothing more was changed");
      std::string const file = fmt::format("{}-{}", name(damage.family), hex_encode(damage.key));
      if (value && *value && !write_file(saved / file, **value))
        return std::unexpected((saved / file).string() + " cannot be written");
      done.saved_in = saved.string();
      done.what.push_back(damage.text);
      batch.push_back({damage.family, damage.key, std::nullopt});
    }
    if (batch.empty()) break;
    if (!store.write(batch, queue::Durability::synced))
      return std::unexpected(std::string{"the store cannot be written"});
    done.removed += batch.size();
  }
  return done;
}

std::expected<StoreExport, std::string> export_messages(RocksStore& store,
                                                        std::string const& directory) {
  std::filesystem::path const folder = directory;
  if (!make_directory(folder)) return std::unexpected(directory + " cannot be made");
  std::error_code error;
  if (!std::filesystem::is_empty(folder, error) || error)
    return std::unexpected(directory + " is not empty: name a new directory");
  std::vector<QueueId> ids;
  auto const scanned = store.scan(Family::envelopes, "", "", [&](auto key, auto) {
    auto const parsed = queue::parse_key(key);
    if (parsed && parsed->kind == KeyKind::envelope) ids.push_back(parsed->id);
    return true;
  });
  if (!scanned) return std::unexpected(std::string{"the store cannot be read: store check"});
  StoreExport done;
  std::ofstream envelopes{folder / "envelopes.jsonl", std::ios::binary};
  for (QueueId const id : ids) {
    auto const loaded = load_message(store, id);
    if (loaded && !*loaded) continue;  // delivered meanwhile
    auto const content = loaded ? content_of(store, **loaded) : std::nullopt;
    if (!content) {
      ++done.unreadable;
      continue;
    }
    if (!write_file(folder / (id.text() + ".eml"), *content))
      return std::unexpected(directory + " cannot be written to its end: is the disk full?");
    envelopes << envelope_line(*(*loaded)->message);
    ++done.messages;
  }
  envelopes.flush();
  if (!envelopes.good()) return std::unexpected(directory + " cannot be written");
  return done;
}
}  // namespace pb::runtime
