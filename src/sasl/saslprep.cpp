// saslprep.cpp: see saslprep.hpp. libgsasl does the tables.                   Spec: RFC 4013.
// Tests: saslprep_test.cpp
#include "sasl/saslprep.hpp"

#include <gsasl.h>

#include <algorithm>
#include <memory>

#include "base/ascii.hpp"
#include "base/utf8.hpp"

namespace pb::sasl {
namespace {
constexpr std::size_t text_octets_max = 1024;
}

std::optional<std::string> saslprep(std::string_view text) {
  if (text.empty() || text.size() > text_octets_max) return std::nullopt;
  // The library takes a C string; a NUL is prohibited anyway (RFC 3454 C.2.1).
  if (std::ranges::any_of(text, ascii::is_control)) return std::nullopt;
  if (utf8::is_ascii(text)) return std::string{text};
  if (!utf8::valid(text)) return std::nullopt;
  std::string const terminated{text};
  // libgsasl 2.2 reads its flag the wrong way round (with it, unassigned code points are refused),
  // so both ways are tried: whichever means "allow" decides.
  for (Gsasl_saslprep_flags const flags : {Gsasl_saslprep_flags{}, GSASL_ALLOW_UNASSIGNED}) {
    char* prepared = nullptr;
    int const result = gsasl_saslprep(terminated.c_str(), flags, &prepared, nullptr);
    std::unique_ptr<char, decltype(&gsasl_free)> const owned{prepared, &gsasl_free};
    if (result != GSASL_OK || prepared == nullptr) continue;
    if (*prepared == '\0') return std::nullopt;
    return std::string{prepared};
  }
  return std::nullopt;
}
}  // namespace pb::sasl
