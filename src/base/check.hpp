// check.hpp: assertions about ourselves, on in every build. Never used on what a peer sent.
// Spec: STYLE.md "Assertions".                                     Not here: errors that are
// expected.
#pragma once

namespace pb {
[[noreturn]] void check_failed(char const* expression, char const* file, int line);
}  // namespace pb

#define PB_CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::pb::check_failed(#expression, __FILE__, __LINE__))
#ifdef NDEBUG
#define PB_DCHECK(expression) static_cast<void>(0)
#else
#define PB_DCHECK(expression) PB_CHECK(expression)
#endif
