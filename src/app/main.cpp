// main.cpp: the program: the command line of cli/, and nothing else.
// Spec: docs/reference/command-line.md.                     Not here: serving (app/serve.cpp).
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "cli/descriptor_stream.hpp"
#include "cli/program.hpp"
#include "cli/sendmail.hpp"

int main(int argc, char** argv) {
  // A closed pipe or socket is an error value everywhere (ARCHITECTURE, decision 5).
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> const arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  pb::cli::DescriptorStream out{STDOUT_FILENO};
  pb::cli::DescriptorStream err{STDERR_FILENO};
  err << std::unitbuf;
  pb::cli::Terminal terminal{out, err, pb::cli::Terminal::detect()};
  std::string const name = argc > 0 ? argv[0] : "";
  pb::cli::Exit const result = pb::cli::is_sendmail_name(name)
                                   ? pb::cli::run_sendmail(name, arguments, terminal)
                                   : pb::cli::run(arguments, terminal);
  out.flush();
  return static_cast<int>(result);
}
