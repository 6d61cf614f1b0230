// faults.cpp: joins the parts of the fault table and finds rows in it.
// Spec: faults.hpp.
// Tests: faults_test.cpp
#include "advisor/faults.hpp"

#include <algorithm>
#include <vector>

#include "advisor/fault_tables.hpp"
#include "base/check.hpp"

namespace pb::advisor {
std::span<FaultInfo const> faults() {
  static std::vector<FaultInfo> const all = [] {
    std::vector<FaultInfo> rows;
    for (auto part : {tables::reach(), tables::talk(), tables::certificate(), tables::login()}) {
      rows.insert(rows.end(), part.begin(), part.end());
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      PB_CHECK(static_cast<std::size_t>(rows[i].fault) == i);
    }
    PB_CHECK(rows.back().fault == Fault::outlook_code);
    return rows;
  }();
  return all;
}

FaultInfo const& info(Fault fault) { return faults()[static_cast<std::size_t>(fault)]; }

std::optional<Fault> fault_by_name(std::string_view name) {
  auto const row = std::ranges::find(faults(), name, &FaultInfo::name);
  if (row == faults().end()) return std::nullopt;
  return row->fault;
}

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::here:
      return "here";
    case Kind::network:
      return "network";
    case Kind::server:
      return "server";
    case Kind::danger:
      return "danger";
    case Kind::login:
      return "login";
    case Kind::settings:
      return "settings";
    case Kind::note:
      return "note";
  }
  return "";
}
}  // namespace pb::advisor
