// commands.cpp: the table of all subcommands. `packetboat --help` prints it group by group.
// Spec: docs/reference/command-line.md.
// Not here: what a command does: each has a file of its name in this folder.
#include "cli/commands.hpp"

#include <array>

namespace pb::cli {
namespace {
constexpr std::array table{
    // Find out: what works from here, and what an error means.
    Command{"probe", Group::find_out, "measure which port and encryption work from here",
            add_probe},
    Command{"explain", Group::find_out, "say what an error message means", add_explain},
    Command{"ports", Group::find_out, "say what each mail port is for", add_ports},
    Command{"settings", Group::find_out, "write the settings of a program for a server",
            add_settings},
    Command{"lint", Group::find_out, "name the wrong line of a program's settings", add_lint},
    Command{"talk", Group::find_out, "talk SMTP with a server, with a guide beside it", add_talk},
    Command{"advise", Group::find_out, "choose a port for a program and a provider", add_advise},
    Command{"faults", Group::find_out, "list the names of faults", add_faults},

    // Send a message.
    Command{"send", Group::send, "send a message, trying ports in a safe order", add_send},
    Command{"account", Group::send, "keep the servers that you send with", add_account},
    Command{"sendmail", Group::send, "stand in for /usr/sbin/sendmail", add_sendmail},

    // Test mail server: catches everything, sends nothing.
    Command{"inbox", Group::test_server, "list, show and wait for what was caught", add_inbox},
    Command{"sandbox", Group::test_server, "the test mail server's CA file", add_sandbox},

    Command{"bench", Group::test_server, "load a server of your own, or throw mail away",
            add_bench},

    // Run a server.
    Command{"serve", Group::run_server, "run the mail server, or --sandbox a test mail server",
            add_serve},
    Command{"user", Group::run_server, "add, list and change accounts", add_user},
    Command{"init", Group::run_server, "write the configuration of a new server", add_init},
    Command{"queue", Group::run_server, "list, show and steer queued messages", add_queue},
    Command{"journal", Group::run_server, "print what happened to messages", add_journal},
    Command{"store", Group::run_server, "check, repair, back up and export the mail store",
            add_store},
    Command{"check", Group::run_server, "check a configuration and say what to change", add_check},
    Command{"health", Group::run_server, "ask a running server how it is", add_health},
    Command{"reload", Group::run_server, "let a running server read its configuration again",
            add_reload},
    Command{"completion", Group::run_server, "print a completion script, or the manual page",
            add_completion},

    // Authentication of mail: SPF, DKIM, DMARC, ARC.
    Command{"verify", Group::authentication, "say who really sent a message, and why", add_verify},
    Command{"spf", Group::authentication, "say whether an address may send for a domain", add_spf},
    Command{"dkim", Group::authentication, "verify, sign, and manage signing keys", add_dkim},
    Command{"dmarc", Group::authentication, "find a domain's policy and apply it", add_dmarc},
    Command{"arc", Group::authentication, "verify a chain of seals, or seal a message", add_arc},
    Command{"record", Group::authentication, "explain a DNS record about mail", add_record},
    Command{"domain", Group::authentication, "check a domain that sends mail", add_domain},
};
}  // namespace

std::span<Command const> commands() { return table; }

std::string_view title_of(Group group) {
  switch (group) {
    case Group::find_out:
      return "Find out what works and why not";
    case Group::send:
      return "Send a message";
    case Group::test_server:
      return "Test mail server";
    case Group::run_server:
      return "Run a server";
    case Group::authentication:
      return "Authentication of mail";
  }
  return "";
}
}  // namespace pb::cli
