// known_networks.cpp: see known_networks.hpp.
// Spec: /proc/net/route, /proc/net/arp and /proc/net/ipv6_route (proc(5)).
// Tests: tests/end_to_end/send_test.py
#include "cli/known_networks.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <vector>

#include "base/encoding.hpp"
#include "cli/user_files.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;
constexpr std::size_t entries_max = 200;
constexpr std::size_t lines_max = 4096;

std::string file_name() {
  auto const folder = state_folder();
  return folder.empty() ? folder : folder + "/networks.json";
}

std::vector<std::vector<std::string>> words_of(char const* path) {
  std::ifstream file{path};
  std::vector<std::vector<std::string>> out;
  for (std::string line; out.size() < lines_max && std::getline(file, line);) {
    std::istringstream words{line};
    auto& row = out.emplace_back();
    for (std::string word; words >> word;) row.push_back(word);
  }
  return out;
}

/// "C0A80101" as the kernel writes it on a little-endian machine, for the ARP table: "1.1.168.192".
std::string dotted(std::string const& hex) {
  auto const bytes = hex_decode(hex);
  if (!bytes || bytes->size() != 4) return {};
  std::string out;
  for (std::size_t i = 4; i-- > 0;) {
    out += std::to_string(static_cast<unsigned char>((*bytes)[i]));
    if (i > 0) out += '.';
  }
  return out;
}

std::string default_gateway() {
  for (auto const& row : words_of("/proc/net/route")) {
    if (row.size() < 8 || row[1] != "00000000" || row[2] == "00000000") continue;
    std::string const address = dotted(row[2]);
    for (auto const& entry : words_of("/proc/net/arp")) {
      if (entry.size() > 3 && entry[0] == address) return address + ' ' + entry[3];
    }
    return address;
  }
  for (auto const& row : words_of("/proc/net/ipv6_route")) {
    bool const everywhere =
        row.size() > 4 && row[1] == "00" && row[0].find_first_not_of('0') == std::string::npos;
    if (everywhere && row[4].find_first_not_of('0') != std::string::npos) return row[4];
  }
  return {};
}
}  // namespace

std::string network_name() {
  std::string const gateway = default_gateway();
  if (gateway.empty()) return "none";
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<unsigned char const*>(gateway.data()), gateway.size(), digest);
  return hex_encode({reinterpret_cast<char const*>(digest), 8});
}

std::optional<advisor::Way> remembered_way(std::string const& network, std::string const& host) {
  auto const file = read_json_file(file_name());
  if (!file || !file->is_object()) return std::nullopt;
  auto const* ways = file->as_object().if_contains("ways");
  if (ways == nullptr || !ways->is_array()) return std::nullopt;
  for (auto const& one : ways->as_array()) {
    if (!one.is_object()) continue;
    auto const text = [&](std::string_view key) {
      auto const* value = one.as_object().if_contains(key);
      return value != nullptr && value->is_string() ? std::string{value->as_string()}
                                                    : std::string{};
    };
    if (text("network") == network && text("host") == host) return advisor::parse_way(text("way"));
  }
  return std::nullopt;
}

void remember_way(std::string const& network, std::string const& host, advisor::Way const& way,
                  std::int64_t now) {
  std::string const path = file_name();
  if (path.empty()) return;
  json::array kept;
  kept.push_back(json::object{
      {"network", network}, {"host", host}, {"way", advisor::text_of(way)}, {"seen", now}});
  auto const file = read_json_file(path);
  auto const* before = file && file->is_object() ? file->as_object().if_contains("ways") : nullptr;
  if (before != nullptr && before->is_array()) {
    for (auto const& one : before->as_array()) {
      if (!one.is_object() || kept.size() >= entries_max) continue;
      auto const& row = one.as_object();
      auto const* same_network = row.if_contains("network");
      auto const* same_host = row.if_contains("host");
      if (same_network == nullptr || same_host == nullptr) continue;
      if (*same_network == json::value(network) && *same_host == json::value(host)) continue;
      kept.push_back(one);
    }
  }
  (void)write_private_file(
      path, json::serialize(json::object{{"schema", "packetboat.networks/1"}, {"ways", kept}}));
}
}  // namespace pb::cli
