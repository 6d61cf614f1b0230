// software_suite.cpp: recog's fingerprints of SMTP: each of its examples is named as it names it.
// Its patterns are not used: only the examples, and the product or vendor that stand beside them.
// Where a fingerprint has no product, the greeting names none. Not here: versions and hosts.
#include <gtest/gtest.h>

#include <algorithm>

#include "advisor/server_software.hpp"
#include "base/ascii.hpp"
#include "suite.hpp"

namespace pb::suites {
namespace {
std::string decoded(std::string_view text) {
  std::string out;
  constexpr std::pair<std::string_view, char> entities[] = {
      {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
  while (!text.empty()) {
    auto const entity = std::ranges::find_if(
        entities, [&](auto const& one) { return text.starts_with(one.first); });
    bool const known = entity != std::end(entities);
    out += known ? entity->second : text.front();
    text.remove_prefix(known ? entity->first.size() : 1);
  }
  return out;
}

/// The text between `from` and `to`, from `at` on, which moves behind it; empty when there is none.
std::string_view between(std::string_view text, std::size_t& at, std::string_view from,
                         std::string_view to) {
  auto const start = text.find(from, at);
  if (start == std::string_view::npos) return at = text.size(), std::string_view{};
  auto const end = text.find(to, start + from.size());
  if (end == std::string_view::npos) return at = text.size(), std::string_view{};
  at = end + to.size();
  return text.substr(start + from.size(), end - start - from.size());
}

std::string value_of(std::string_view fingerprint, std::string_view name) {
  auto const at = fingerprint.find("name=\"" + std::string{name} + "\"");
  if (at == std::string_view::npos) return {};
  std::size_t from = at;
  return decoded(between(fingerprint, from, "value=\"", "\""));
}

bool is_named(std::string_view fingerprint, std::string const& example) {
  auto const found = advisor::server_software(example);
  for (std::string const kind : {"service", "hw", "os"}) {
    auto const product = value_of(fingerprint, kind + ".product");
    auto const vendor = value_of(fingerprint, kind + ".vendor");
    if (product.empty()) continue;
    // For some programs it has the protocol in the place of the product.
    bool const is_product = product == "ESMTP" || found.product == product;
    return is_product && (vendor.empty() || found.vendor == vendor);
  }
  return advisor::is_unnamed_greeting(example);
}

TEST(Software, is_named_as_recog_names_it) {
  auto const folder = root() / "smtp/recog-smtp-fingerprints/xml";
  if (root().empty() || !std::filesystem::exists(folder)) GTEST_SKIP() << "the suite is not here";
  Count count{"recog-smtp-fingerprints", {}};
  int number = 0;
  for (auto const& file : std::filesystem::directory_iterator{folder}) {
    std::string const xml = read_file(file.path());
    std::size_t at = 0;
    while (at < xml.size()) {
      auto const fingerprint = between(xml, at, "<fingerprint ", "</fingerprint>");
      std::size_t inside = 0;
      while (inside < fingerprint.size()) {
        auto const raw = between(fingerprint, inside, "<example", "</example>");
        if (raw.empty()) break;
        auto const text = decoded(raw.substr(raw.find('>') + 1));
        count.record(std::to_string(++number), is_named(fingerprint, text), text);
      }
    }
  }
  EXPECT_TRUE(count.finish());
  EXPECT_EQ(number, 256);
}
}  // namespace
}  // namespace pb::suites
