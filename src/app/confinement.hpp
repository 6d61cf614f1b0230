// confinement.hpp: what the server may touch from its first thread on: files by landlock, system
// calls by seccomp. Spec: ARCHITECTURE.md decision 8; landlock(7), seccomp(2).
// Tests: confinement_test.cpp, tests/end_to_end/confinement_test.py
// Not here: giving up root (privileges), the files that only the keeper reads (privileges).
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "app/config.hpp"

namespace pb::app {
/// Their runtimes have threads of their own, trace us to find leaks and run a symbolizer: only what
/// that needs is then allowed.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool under_sanitizer = true;
#else
inline constexpr bool under_sanitizer = false;
#endif

/// Paths, each with all that lies below it. What does not exist is left out when it is applied.
struct AllowedPaths {
  std::vector<std::string> readable;
  std::vector<std::string> writable;  // read, made, written, renamed, removed
};
/// The system's own (CA bundle, resolver, zoneinfo, libraries, /proc and /sys about ourselves) and
/// what the configuration makes us write: data_dir, Maildirs, the admin socket. Not the files that
/// it names for reading: the keeper reads those.
AllowedPaths allowed_paths(Config const& config);
/// Writable paths of `next` that lie outside of `now`: only a restart can allow them.
std::vector<std::string> not_allowed(AllowedPaths const& now, AllowedPaths const& next);

/// What the kernel took; an empty text means that it is in force.
struct Confined {
  std::string files_missing;
  std::string calls_missing;
};
/// Binds this thread and all that it starts; cannot be undone. No other thread may exist: landlock
/// would not bind it, so that is an error. A kernel without landlock (5.19 has what is needed) or
/// seccomp is none: it is said in Confined.
std::expected<Confined, std::string> confine(AllowedPaths const& paths);
}  // namespace pb::app
