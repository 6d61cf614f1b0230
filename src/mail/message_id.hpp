// message_id.hpp: a new Message-ID.                                  Tests: trace_test.cpp
// Spec: RFC 5322 §3.6.4; RFC 6409 §8.3 (added at submission).   Not here: reading them (threads).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace pb::mail {
/// "<time.random@hostname>", unique by 64 random bits.
std::string make_message_id(Instant now, Random& random, std::string_view hostname);
}  // namespace pb::mail
