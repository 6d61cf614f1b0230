// message_id.cpp: see message_id.hpp.                                     Spec: RFC 5322 §3.6.4.
// Not here: who adds it (smtp/server/edit.cpp).
#include "mail/message_id.hpp"

#include <fmt/core.h>

namespace pb::mail {
std::string make_message_id(Instant now, Random& random, std::string_view hostname) {
  return fmt::format("<{:x}.{:016x}@{}>", now.time_since_epoch().count(), random.next(), hostname);
}
}  // namespace pb::mail
