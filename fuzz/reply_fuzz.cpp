// reply_fuzz.cpp: no text makes a reply's line end early, too long, or of another code.
// Spec: RFC 5321 §4.2, §4.5.3.1.5.                         Not here: replies of other servers.
// Covers: src/smtp/reply.cpp
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "smtp/reply.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb::smtp;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  Reply const reply = size % 2 == 0 ? reply::policy_reject.with(text) : reply::ehlo.with(text);
  std::string const wire = reply.wire();
  std::string_view rest{wire};
  bool last = false;
  while (!rest.empty()) {
    PB_CHECK(!last);
    auto const end = rest.find("\r\n");
    PB_CHECK(end != std::string_view::npos && end + 2 <= 512);
    auto const line = rest.substr(0, end);
    PB_CHECK(line.size() >= 4 && line.substr(0, 3) == std::to_string(reply.code));
    PB_CHECK(line[3] == ' ' || line[3] == '-');
    PB_CHECK(line.find_first_of("\r\n") == std::string_view::npos);
    last = line[3] == ' ';
    rest.remove_prefix(end + 2);
  }
  PB_CHECK(last);
  PB_CHECK(auth_challenge_line("QQ==").ends_with("\r\n"));
  return 0;
}
