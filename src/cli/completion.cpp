// completion.cpp: packetboat completion bash|zsh|fish|man: a script, or the manual page, made from
// the table of commands.
// Spec: bash(1) "Programmable Completion", zshcompsys(1), fish complete(1).
// Not here: the commands themselves (commands.cpp).                Tests: program_test.cpp
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "cli/commands.hpp"

namespace pb::cli {
namespace {
/// What may follow the words of `path` (" user add"): subcommands and long options.
struct Node {
  std::string path;
  std::vector<std::string> commands;
  std::vector<std::string> options;
};

void collect(CLI::App const& app, std::string const& path, std::vector<Node>& nodes) {
  Node node{path, {}, {}};
  for (CLI::Option const* option : app.get_options())
    for (std::string const& name : option->get_lnames()) node.options.push_back("--" + name);
  auto const subcommands = app.get_subcommands([](CLI::App const*) { return true; });
  for (CLI::App const* command : subcommands) node.commands.push_back(command->get_name());
  nodes.push_back(std::move(node));
  for (CLI::App const* command : subcommands)
    collect(*command, path + " " + command->get_name(), nodes);
}

std::string joined(Node const& node) {
  std::string words;
  for (std::string const& word : node.commands) words += word + " ";
  for (std::string const& word : node.options) words += word + " ";
  if (!words.empty()) words.pop_back();
  return words;
}

/// The loop that walks the words typed so far is the same in bash and zsh but for its names.
void write_walk(std::ostream& out, std::vector<Node> const& nodes, std::string_view word) {
  out << "    case \"$at " << word << "\" in\n      ";
  bool first = true;
  for (Node const& node : nodes) {
    if (node.path.empty()) continue;
    out << (first ? "" : "|") << '"' << node.path << '"';
    first = false;
  }
  out << ") at=\"$at " << word << "\" ;;\n    esac\n  done\n  case \"$at\" in\n";
  for (Node const& node : nodes)
    out << "    \"" << node.path << "\") next=\"" << joined(node) << "\" ;;\n";
  out << "  esac\n";
}

void write_bash(std::ostream& out, std::vector<Node> const& nodes) {
  out << "# bash completion of packetboat: source <(packetboat completion bash)\n"
         "_packetboat() {\n  local at=\"\" next=\"\" i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n";
  write_walk(out, nodes, "${COMP_WORDS[i]}");
  out << "  COMPREPLY=($(compgen -W \"$next\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n"
         "complete -o default -F _packetboat packetboat\n";
}

void write_zsh(std::ostream& out, std::vector<Node> const& nodes) {
  out << "#compdef packetboat\n# zsh completion of packetboat: source <(packetboat completion "
         "zsh)\n"
         "_packetboat() {\n  local at=\"\" next=\"\" i\n"
         "  for ((i = 2; i < CURRENT; i++)); do\n";
  write_walk(out, nodes, "${words[i]}");
  out << "  compadd -- ${=next}\n  [[ -n \"$next\" ]] || _files\n}\n"
         "compdef _packetboat packetboat\n";
}

void write_fish(std::ostream& out, CLI::App const& app) {
  out << "# fish completion of packetboat: packetboat completion fish | source\n";
  for (CLI::App const* command : app.get_subcommands([](CLI::App const*) { return true; })) {
    std::string const& name = command->get_name();
    out << "complete -c packetboat -n __fish_use_subcommand -f -a " << name << " -d '"
        << command->get_description() << "'\n";
    std::string const seen = "complete -c packetboat -n '__fish_seen_subcommand_from " + name + "'";
    for (CLI::App const* inner : command->get_subcommands([](CLI::App const*) { return true; }))
      out << seen << " -f -a " << inner->get_name() << " -d '" << inner->get_description() << "'\n";
    for (CLI::Option const* option : command->get_options())
      for (std::string const& long_name : option->get_lnames())
        out << seen << " -l " << long_name << '\n';
  }
}
/// Text for troff: no line begins with a control character, no escape is read.
std::string troff(std::string_view text) {
  std::string out;
  for (char const c : text) {
    bool const first = out.empty() || out.back() == '\n';
    if (first && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

void write_options(std::ostream& out, CLI::App const& app) {
  for (CLI::Option const* option : app.get_options()) {
    if (option->get_description().empty()) continue;
    std::string name = option->get_name(false, true);
    if (name.empty()) name = option->get_name(true);  // an argument
    out << ".TP\n.B " << troff(name) << '\n' << troff(option->get_description()) << '\n';
  }
}

void write_man(std::ostream& out, CLI::App const& app) {
  out << ".TH PACKETBOAT 1\n.SH NAME\npacketboat \\- " << troff(app.get_description())
      << "\n.SH SYNOPSIS\n.B packetboat\n[options] command ...\n.SH OPTIONS\n";
  write_options(out, app);
  for (CLI::App const* command : app.get_subcommands([](CLI::App const*) { return true; })) {
    out << ".SH packetboat " << troff(command->get_name()) << '\n'
        << troff(command->get_description()) << ".\n";
    write_options(out, *command);
    for (CLI::App const* inner : command->get_subcommands([](CLI::App const*) { return true; })) {
      out << ".SS " << troff(command->get_name()) << ' ' << troff(inner->get_name()) << '\n'
          << troff(inner->get_description()) << ".\n";
      write_options(out, *inner);
    }
    if (!command->get_footer().empty())
      out << ".PP\n.nf\n" << troff(command->get_footer()) << "\n.fi\n";
  }
}
}  // namespace

void add_completion(CLI::App& command, Action& action) {
  auto shell = std::make_shared<std::string>();
  command.add_option("shell", *shell, "bash, zsh, fish; man: the manual page")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "man"}));
  command.footer(
      "Examples:\n  source <(packetboat completion bash)\n"
      "  packetboat completion man > /usr/local/share/man/man1/packetboat.1");
  // The tree of commands lives until the action has run (program.cpp).
  command.callback([shell, &command, &action] {
    action = [shell, &command](Terminal& terminal) {
      std::vector<Node> nodes;
      collect(*command.get_parent(), "", nodes);
      if (*shell == "bash") write_bash(terminal.out(), nodes);
      if (*shell == "zsh") write_zsh(terminal.out(), nodes);
      if (*shell == "fish") write_fish(terminal.out(), *command.get_parent());
      if (*shell == "man") write_man(terminal.out(), *command.get_parent());
      return Exit::ok;
    };
  });
}
}  // namespace pb::cli
