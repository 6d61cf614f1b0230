// mail_accounts.cpp: see mail_accounts.hpp.
// Spec: schema packetboat.accounts/1: fields that are empty are left out.
// Tests: tests/end_to_end/send_test.py
#include "cli/mail_accounts.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "cli/user_files.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;

struct TextField {
  std::string_view key;
  std::string MailAccount::* member;
};
constexpr TextField text_fields[] = {
    {"name", &MailAccount::name},
    {"from", &MailAccount::from},
    {"host", &MailAccount::host},
    {"user", &MailAccount::user},
    {"password_command", &MailAccount::password_command},
    {"token_command", &MailAccount::token_command},
    {"prefer", &MailAccount::prefer},
    {"ca_file", &MailAccount::ca_file},
};

std::string file_name() {
  auto const folder = config_folder();
  return folder.empty() ? folder : folder + "/accounts.json";
}

MailAccount account_of(json::object const& row) {
  MailAccount out;
  for (auto const& field : text_fields) {
    auto const* value = row.if_contains(field.key);
    if (value != nullptr && value->is_string()) out.*field.member = std::string{value->as_string()};
  }
  auto const* ways = row.if_contains("ways");
  if (ways == nullptr || !ways->is_array()) return out;
  for (auto const& one : ways->as_array()) {
    auto const way = one.is_string() ? advisor::parse_way(one.as_string()) : std::nullopt;
    if (way) out.ways.push_back(*way);
  }
  return out;
}

json::object row_of(MailAccount const& account) {
  json::object row;
  for (auto const& field : text_fields) {
    if (!(account.*field.member).empty()) row[field.key] = account.*field.member;
  }
  json::array ways;
  for (auto const& way : account.ways) ways.emplace_back(advisor::text_of(way));
  if (!ways.empty()) row["ways"] = std::move(ways);
  return row;
}
}  // namespace

std::expected<MailAccounts, std::string> load_mail_accounts() {
  MailAccounts out;
  auto const file = read_json_file(file_name());
  if (!file) return std::unexpected{file.error()};
  auto const* list = file->is_object() ? file->as_object().if_contains("accounts") : nullptr;
  if (list == nullptr || !list->is_array()) return out;
  for (auto const& one : list->as_array()) {
    if (one.is_object()) out.push_back(account_of(one.as_object()));
  }
  return out;
}

std::expected<void, std::string> save_mail_accounts(MailAccounts const& accounts) {
  std::string const path = file_name();
  if (path.empty()) return std::unexpected{"there is no home directory to keep accounts in"};
  json::array list;
  for (auto const& account : accounts) list.push_back(row_of(account));
  return write_private_file(
      path, json::serialize(json::object{{"schema", "packetboat.accounts/1"}, {"accounts", list}}) +
                '\n');
}

MailAccount const* find_account(MailAccounts const& accounts, std::string_view name) {
  auto const found = std::ranges::find(accounts, name, &MailAccount::name);
  return found == accounts.end() ? nullptr : &*found;
}
}  // namespace pb::cli
