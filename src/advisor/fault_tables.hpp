// fault_tables.hpp: the four parts of the fault table, one a file. Joined by faults.cpp.
// Spec: faults.hpp.
// Not here: anything that a user of the table needs.
#pragma once

#include "advisor/faults.hpp"

namespace pb::advisor::tables {
std::span<FaultInfo const> reach();
std::span<FaultInfo const> talk();
std::span<FaultInfo const> certificate();
std::span<FaultInfo const> login();
}  // namespace pb::advisor::tables
