// published_fuzz.cpp: autoconfig and autodiscover files of a stranger's web server.
// Spec: advisor/published.hpp, advisor/xml.hpp.
// Covers: src/advisor/published.cpp, src/advisor/xml.cpp
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "advisor/published.hpp"
#include "base/ascii.hpp"
#include "base/check.hpp"
#include "base/ip.hpp"
#include "dns/name.hpp"

namespace {
using namespace pb;

void check(std::expected<advisor::PublishedSettings, advisor::PublishedError> const& read) {
  if (!read) return;
  PB_CHECK(!read->servers.empty() || !read->refers_to.empty());
  PB_CHECK(read->servers.size() <= advisor::published_servers_max);
  for (auto const& server : read->servers) {
    PB_CHECK(server.port != 0);
    PB_CHECK(!server.host.empty());
    PB_CHECK(dns::valid_name(server.host) || IpAddress::parse(server.host));
    bool const other = server.login == advisor::LoginForm::other;
    PB_CHECK(other == !server.login_text.empty());
  }
}

std::size_t depth(advisor::XmlElement const& element) {
  std::size_t deepest = 0;
  for (auto const& child : element.children) deepest = std::max(deepest, depth(child));
  return deepest + 1;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  if (auto const root = advisor::parse_xml(text)) PB_CHECK(depth(*root) <= advisor::xml_depth_max);
  check(advisor::parse_autoconfig(text));
  check(advisor::parse_autodiscover(text, "you@example.com"));
  // What is asked holds the address as it is, whatever marks are in it.
  if (std::ranges::any_of(text, ascii::is_control)) return 0;  // XML knows few of them
  if (auto const asked = advisor::parse_xml(advisor::autodiscover_request(text))) {
    auto const* const request = asked->child("Request");
    PB_CHECK(request != nullptr && request->text_of("EMailAddress") == ascii::trim(text));
  }
  return 0;
}
