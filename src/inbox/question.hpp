// question.hpp: which captured messages a person or a test suite means.  Tests: inbox_test.cpp
// Spec: docs/reference/admin-api.md "/inbox".              Not here: waiting for one (api/inbox).
#pragma once

#include <string>

#include "inbox/captured.hpp"
#include "inbox/summary.hpp"

namespace pb::inbox {
/// Every part that is not empty must fit. Letters' case makes no difference.
struct Question {
  std::string to{};       // a forward-path, or a part of one
  std::string from{};     // the reverse-path or the From field, or a part of one
  std::string subject{};  // a part of it
  std::string account{};  // exactly
  QueueId after{};        // only messages behind this one; QueueId{}: all
};
bool fits(Question const& question, Summary const& message);
}  // namespace pb::inbox
