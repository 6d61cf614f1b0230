// check.cpp: what a failed assertion does: say where, and abort (the supervisor restarts us; the
// queue is durable).                                                Spec: STYLE.md "Assertions".
#include "base/check.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace pb {
void check_failed(char const* expression, char const* file, int line) {
  fmt::print(stderr, "packetboat: internal check failed: {} at {}:{}\n", expression, file, line);
  std::fflush(stderr);
  std::abort();
}
}  // namespace pb
