// mailboxes.hpp: whom the judge asks about mailboxes: Maildirs how full, LMTP stores whether known.
// Spec: docs/reference/configuration.md (domain.deliver, domain.recipients).
// Tests: tests/end_to_end/mailboxes_test.py      Not here: asking (runtime/), verdicts (policy/).
#pragma once

#include <memory>

#include "app/config_files.hpp"
#include "runtime/lmtp_probe.hpp"
#include "runtime/maildir_gauge.hpp"

namespace pb::app {
/// Of domains delivered to Maildirs. Pool and clock outlive it.
std::shared_ptr<runtime::MailboxGauge> mailbox_gauge(
    Config const& config, std::shared_ptr<runtime::DirectorySnapshot const> directory,
    runtime::StoragePool& pool, Clock const& clock);

/// Of domains delivered by LMTP to a unix socket or an address, unless `recipients` says who is
/// known. The clock outlives it.
std::shared_ptr<runtime::RecipientProbe> recipient_probe(Config const& config, Clock const& clock);
}  // namespace pb::app
