// commands.hpp: the table of all subcommands, and the functions that add them.
// Spec: docs/reference/command-line.md.       Not here: parsing of the command line (program.cpp).
#pragma once

#include <span>

#include "cli/command.hpp"

namespace pb::cli {
std::span<Command const> commands();
std::string_view title_of(Group group);

// One line a command, sorted.
void add_account(CLI::App& command, Action& action);
void add_advise(CLI::App& command, Action& action);
void add_bench(CLI::App& command, Action& action);
void add_check(CLI::App& command, Action& action);
void add_completion(CLI::App& command, Action& action);
void add_explain(CLI::App& command, Action& action);
void add_faults(CLI::App& command, Action& action);
void add_health(CLI::App& command, Action& action);
void add_inbox(CLI::App& command, Action& action);
void add_init(CLI::App& command, Action& action);
void add_journal(CLI::App& command, Action& action);
void add_lint(CLI::App& command, Action& action);
void add_ports(CLI::App& command, Action& action);
void add_settings(CLI::App& command, Action& action);
void add_queue(CLI::App& command, Action& action);
void add_reload(CLI::App& command, Action& action);
void add_sandbox(CLI::App& command, Action& action);
void add_send(CLI::App& command, Action& action);
void add_sendmail(CLI::App& command, Action& action);
void add_serve(CLI::App& command, Action& action);
void add_store(CLI::App& command, Action& action);
void add_talk(CLI::App& command, Action& action);
void add_user(CLI::App& command, Action& action);
void add_arc(CLI::App& command, Action& action);
void add_dkim(CLI::App& command, Action& action);
void add_dmarc(CLI::App& command, Action& action);
void add_domain(CLI::App& command, Action& action);
void add_record(CLI::App& command, Action& action);
void add_spf(CLI::App& command, Action& action);
void add_verify(CLI::App& command, Action& action);
void add_probe(CLI::App& command, Action& action);
}  // namespace pb::cli
