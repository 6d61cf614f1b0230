// logged_intake.hpp: an intake that writes a line for each message taken or put off.
// Spec: STYLE.md "Logging" (one line an event, ids first).      Tests: tests/end_to_end
// Not here: taking messages (runtime/queue_intake).
#pragma once

#include <memory>

#include "base/log.hpp"
#include "runtime/services.hpp"

namespace pb::app {
/// `log` outlives it.
std::shared_ptr<runtime::Intake> logged(std::shared_ptr<runtime::Intake> intake, Log& log);
}  // namespace pb::app
