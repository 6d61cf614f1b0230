// rdata.hpp: resource data in wire form, without compression, as a Record.    Tests: rdata_test.cpp
// Spec: RFC 1035 §3.3, RFC 3596 §2.2, RFC 2782, RFC 6698 §2.1.     Not here: whole DNS messages
// (libunbound reads those).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dns/answer.hpp"

namespace pb::dns {
/// nullopt: malformed, of a type that Record has no form for, or a name with bytes that no host has
/// (dots inside a label, controls, spaces).
std::optional<Record> parse_rdata(Type type, std::string_view bytes);
/// Takes an uncompressed name off the front: lower case, dots between labels; "" is the root.
std::optional<std::string> take_name(std::string_view& bytes);
}  // namespace pb::dns
