// outbox.cpp: two files a message: ID.eml, the content, and ID.json, the envelope.
// Spec: outbox.hpp; rename(2), flock(2).                 Tests: tests/end_to_end/sendmail_test.py
#include "cli/outbox.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "base/ascii.hpp"
#include "cli/user_files.hpp"
#include "cli/verify_input.hpp"

namespace pb::cli {
namespace {
namespace fs = std::filesystem;
namespace json = boost::json;
constexpr std::size_t entries_max = 10'000;

std::string text_of(json::object const& row, std::string_view key) {
  auto const* value = row.if_contains(key);
  return value != nullptr && value->is_string() ? std::string{value->as_string()} : std::string{};
}
std::int64_t number_of(json::object const& row, std::string_view key) {
  auto const* value = row.if_contains(key);
  return value != nullptr && value->is_int64() ? value->as_int64() : 0;
}

json::object row_of(OutboxEntry const& entry) {
  json::array recipients;
  for (auto const& one : entry.recipients) recipients.emplace_back(one);
  return {{"schema", "packetboat.outbox/1"},
          {"from", entry.from},
          {"recipients", std::move(recipients)},
          {"notify", entry.notify},
          {"return", entry.dsn_return},
          {"envelope_id", entry.envelope_id},
          {"since", entry.since},
          {"octets", static_cast<std::int64_t>(entry.octets)},
          {"reason", entry.reason},
          {"held", entry.held}};
}

OutboxEntry entry_of(std::string id, json::object const& row) {
  OutboxEntry out;
  out.id = std::move(id);
  out.from = text_of(row, "from");
  out.notify = text_of(row, "notify");
  out.dsn_return = text_of(row, "return");
  out.envelope_id = text_of(row, "envelope_id");
  out.reason = text_of(row, "reason");
  out.since = number_of(row, "since");
  out.octets = static_cast<std::uint64_t>(std::max<std::int64_t>(number_of(row, "octets"), 0));
  auto const* held = row.if_contains("held");
  out.held = held != nullptr && held->is_bool() && held->as_bool();
  auto const* recipients = row.if_contains("recipients");
  if (recipients == nullptr || !recipients->is_array()) return out;
  for (auto const& one : recipients->as_array()) {
    if (one.is_string()) out.recipients.emplace_back(one.as_string());
  }
  return out;
}

bool is_id(std::string_view id) { return !id.empty() && std::ranges::all_of(id, ascii::is_alnum); }
}  // namespace

Outbox::Outbox() : folder_{state_folder()} {
  if (!folder_.empty()) folder_ += "/outbox";
}

std::string Outbox::path(std::string const& id, std::string_view ending) const {
  return folder_ + '/' + id + std::string{ending};
}

std::expected<void, std::string> Outbox::add(OutboxEntry const& entry,
                                             std::string_view content) const {
  if (folder_.empty()) return std::unexpected{"there is no home directory for an outbox"};
  auto const written = write_private_file(path(entry.id, ".eml"), content);
  return written ? update(entry) : written;
}

std::expected<void, std::string> Outbox::update(OutboxEntry const& entry) const {
  return write_private_file(path(entry.id, ".json"), json::serialize(row_of(entry)) + '\n');
}

/// The envelope goes first: content alone is no message and is swept by list().
void Outbox::remove(std::string const& id) const {
  ::unlink(path(id, ".json").c_str());
  ::unlink(path(id, ".eml").c_str());
}

std::vector<OutboxEntry> Outbox::list() const {
  std::vector<OutboxEntry> out;
  if (folder_.empty()) return out;
  std::error_code failure;
  for (auto const& file : fs::directory_iterator{folder_, failure}) {
    std::string const id = file.path().stem().string();
    if (file.path().extension() != ".json" || !is_id(id) || out.size() >= entries_max) continue;
    auto const value = read_json_file(file.path().string());
    if (value && value->is_object()) out.push_back(entry_of(id, value->as_object()));
  }
  std::ranges::sort(out, {}, [](OutboxEntry const& one) { return std::pair{one.since, one.id}; });
  return out;
}

std::expected<std::string, std::string> Outbox::content(std::string const& id) const {
  auto text = read_input(path(id, ".eml"));
  if (!text) return std::unexpected{text.error().text};
  return std::move(*text);
}

bool Outbox::alone(std::function<void()> const& work) const {
  std::error_code failure;
  if (folder_.empty() || !fs::exists(folder_, failure)) return true;  // there is nothing to do
  int const lock = ::open((folder_ + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return false;
  bool const mine = ::flock(lock, LOCK_EX | LOCK_NB) == 0;
  if (mine) work();
  ::close(lock);
  return mine;
}
}  // namespace pb::cli
