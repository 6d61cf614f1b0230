// spare_descriptors.hpp: file descriptors that are kept for the store when the process has no more.
// Spec: ARCHITECTURE.md decision 4 (a write that fails ends acceptance until a restart).
// Tests: spare_descriptors_test.cpp             Not here: how many sessions may be open (listener).
#pragma once

#include <cstddef>
#include <memory>

#include "runtime/files.hpp"

namespace pb::runtime {
/// `below`, but what opens a file or directory through it finds a descriptor when sessions and
/// deliveries have taken all: up to `count` are held for that, and held anew when there are more.
std::shared_ptr<FileSystem> with_spare_descriptors(std::shared_ptr<FileSystem> below,
                                                   std::size_t count);
}  // namespace pb::runtime
