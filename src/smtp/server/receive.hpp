// receive.hpp: what receiving a message needs beside the session.
// Spec: RFC 6152 §1.1 (what 8BITMIME is about).               Not here: the session (receive.cpp).
#pragma once

#include <string_view>

namespace pb::smtp::server {
/// An octet over 0x7F is there. Goes eight octets at a time: every body passes through here.
bool has_eight_bit(std::string_view bytes);
}  // namespace pb::smtp::server
