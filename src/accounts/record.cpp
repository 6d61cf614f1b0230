// record.cpp: see record.hpp.                                          Spec: RFC 8259 (JSON).
// Tests: record_test.cpp                                               Not here: the store.
#include "accounts/record.hpp"

#include <boost/json.hpp>

#include <algorithm>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"

namespace pb::accounts {
namespace {
namespace json = boost::json;
constexpr std::size_t name_octets_max = 320;
constexpr std::size_t key_octets = 32;

json::array array_of(std::vector<std::string> const& texts) {
  json::array out;
  for (std::string const& text : texts) out.emplace_back(text);
  return out;
}

/// Reads members one after another; the first that is wrong makes ok() false for good.
class Reader {
 public:
  explicit Reader(json::object const& object) : object_{object} {}
  [[nodiscard]] bool ok() const { return ok_; }

  std::string text(std::string_view name) {
    json::value const* const value = object_.if_contains(name);
    auto const* const string = value == nullptr ? nullptr : value->if_string();
    if (string == nullptr) return fail();
    return std::string{string->data(), string->size()};
  }
  std::string octets(std::string_view name) {
    auto decoded = base64_decode(text(name));
    return decoded ? std::move(*decoded) : fail();
  }
  std::uint64_t number(std::string_view name, std::uint64_t largest) {
    json::value const* const value = object_.if_contains(name);
    if (value == nullptr || !value->is_number()) return bad_number();
    json::error_code error;
    auto const number = value->to_number<std::uint64_t>(error);
    return error || number > largest ? bad_number() : number;
  }
  bool flag(std::string_view name) {
    json::value const* const value = object_.if_contains(name);
    if (value == nullptr || !value->is_bool()) return ok_ = false;
    return value->get_bool();
  }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    json::value const* const value = object_.if_contains(name);
    auto const* const array = value == nullptr ? nullptr : value->if_array();
    if (array == nullptr || array->size() > record_addresses_max) {
      ok_ = false;
      return out;
    }
    for (json::value const& entry : *array) {
      auto const* const string = entry.if_string();
      if (string == nullptr || string->empty() || string->size() > name_octets_max) {
        ok_ = false;
        return out;
      }
      out.emplace_back(string->data(), string->size());
    }
    return out;
  }

 private:
  std::string fail() {
    ok_ = false;
    return {};
  }
  std::uint64_t bad_number() {
    ok_ = false;
    return 0;
  }
  json::object const& object_;
  bool ok_ = true;
};

bool read_scram(json::object const& object, Account& account) {
  json::value const* const value = object.if_contains("scram");
  if (value == nullptr || value->is_null()) return true;
  if (!value->is_object()) return false;
  Reader reader{value->get_object()};
  sasl::ScramKeys keys;
  keys.salt = reader.octets("salt");
  keys.iterations = static_cast<std::uint32_t>(reader.number("iterations", 100'000'000));
  keys.stored_key = reader.octets("stored_key");
  keys.server_key = reader.octets("server_key");
  if (!reader.ok() || keys.salt.empty() || keys.iterations == 0 ||
      keys.stored_key.size() != key_octets || keys.server_key.size() != key_octets) {
    return false;
  }
  account.scram = std::move(keys);
  return true;
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= name_octets_max && utf8::valid(name) &&
         std::ranges::none_of(name, ascii::is_control);
}
}  // namespace

std::string to_json(Account const& account) {
  json::object object{{"version", record_version},
                      {"name", account.name},
                      {"password_hash", account.password_hash},
                      {"aliases", array_of(account.aliases)},
                      {"allowed", array_of(account.allowed)},
                      {"credential_version", account.credential_version},
                      {"quota_octets", account.quota_octets},
                      {"disabled", account.disabled}};
  if (account.scram) {
    object["scram"] = json::object{{"salt", base64_encode(account.scram->salt)},
                                   {"iterations", account.scram->iterations},
                                   {"stored_key", base64_encode(account.scram->stored_key)},
                                   {"server_key", base64_encode(account.scram->server_key)}};
  }
  return json::serialize(object);
}

std::expected<Account, RecordError> account_from_json(std::string_view text) {
  if (text.size() > record_octets_max) return std::unexpected{RecordError::too_large};
  json::error_code error;
  json::value const value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) return std::unexpected{RecordError::syntax};
  json::object const& object = value.get_object();
  Reader reader{object};
  std::uint64_t const version = reader.number("version", UINT64_MAX);
  if (!reader.ok() || version == 0) return std::unexpected{RecordError::invalid};
  if (version > record_version) return std::unexpected{RecordError::newer_version};
  Account account;
  account.name = reader.text("name");
  account.password_hash = reader.text("password_hash");
  account.aliases = reader.texts("aliases");
  account.allowed = reader.texts("allowed");
  account.credential_version = reader.number("credential_version", UINT64_MAX);
  account.quota_octets = reader.number("quota_octets", UINT64_MAX);
  account.disabled = reader.flag("disabled");
  if (!reader.ok() || !is_name(account.name) || !read_scram(object, account)) {
    return std::unexpected{RecordError::invalid};
  }
  return account;
}
}  // namespace pb::accounts
