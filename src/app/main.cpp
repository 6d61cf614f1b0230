// main.cpp: the program: the command line of cli/, and nothing else.
// Spec: docs/reference/command-line.md.                     Not here: serving (app/serve.cpp).
#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include "cli/program.hpp"

int main(int argc, char** argv) {
  // A closed pipe or socket is an error value everywhere (ARCHITECTURE, decision 5).
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> const arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  pb::cli::Terminal terminal{std::cout, std::cerr, pb::cli::Terminal::detect()};
  pb::cli::Exit const result = pb::cli::run(arguments, terminal);
  std::cout.flush();
  return static_cast<int>(result);
}
