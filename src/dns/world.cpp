// world.cpp: see world.hpp.                                     Spec: RFC 1034 §3.6.2, RFC 2308.
#include "dns/world.hpp"

#include "dns/name.hpp"

namespace pb::dns {
World::Node& World::node(std::string_view name) {
  std::string key = normal_name(name);
  // Names above exist too, without data (RFC 8020).
  for (auto dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1)) {
    nodes_.try_emplace(key.substr(dot + 1));
  }
  return nodes_[std::move(key)];
}

void World::add(std::string_view name, Type type, Record record) {
  node(name).records[type].push_back(std::move(record));
}
void World::remove(std::string_view name, Type type) { node(name).records.erase(type); }
void World::add_name(std::string_view name) { node(name); }
void World::fail(std::string_view name, Type type, Failure failure) {
  node(name).failures[type] = failure;
}
void World::fail(std::string_view name, Failure failure) { node(name).failure = failure; }

Answer World::answer(Question const& question) const {
  std::string name = normal_name(question.name);
  constexpr int cnames_max = 8;
  for (int followed = 0; followed <= cnames_max; ++followed) {
    auto const at = nodes_.find(name);
    if (at == nodes_.end()) return NxDomain{};
    Node const& found = at->second;
    if (auto const records = found.records.find(question.type); records != found.records.end()) {
      return Found{records->second, Security::unvalidated, std::chrono::seconds{300}, name};
    }
    if (auto const failure = found.failures.find(question.type); failure != found.failures.end()) {
      return Failed{failure->second};
    }
    if (auto const cname = found.records.find(Type::cname); cname != found.records.end()) {
      name = normal_name(std::get<Name>(cname->second.front()).name);
      continue;
    }
    if (found.failure) return Failed{*found.failure};
    return NoData{};
  }
  return Failed{Failure::servfail};
}
}  // namespace pb::dns
