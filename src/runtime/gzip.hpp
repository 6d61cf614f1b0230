// gzip.hpp: octets in the gzip format, at once.
// Spec: RFC 1952.                                       Tests: dmarc_reporter_test.cpp
// Not here: reading it.
#pragma once

#include <string>
#include <string_view>

namespace pb::runtime {
/// Empty only when zlib has no memory.
std::string gzip(std::string_view bytes);
}  // namespace pb::runtime
