// world.hpp: a DNS world written down: what tests and `--dns-file` answer questions from.
// Spec: RFC 1034 §3.6.2 (CNAME chains), RFC 2308 (NXDOMAIN and NODATA told apart).
// Tests: world_test.cpp.                                     Not here: asking a real server.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "dns/answer.hpp"

namespace pb::dns {
class World {
 public:
  void add(std::string_view name, Type type, Record record);
  void remove(std::string_view name, Type type);
  /// The name exists, with nothing of that type.
  void add_name(std::string_view name);
  /// Every question of that type that no record answers fails so.
  void fail(std::string_view name, Type type, Failure failure);
  /// Every question about the name that no record answers fails so.
  void fail(std::string_view name, Failure failure);
  /// Follows at most 8 CNAMEs; a longer chain or a loop is a servfail, as resolvers answer it. A
  /// name that nothing is known of, nor of names below it, is NxDomain.
  [[nodiscard]] Answer answer(Question const& question) const;

 private:
  struct Node {
    std::map<Type, std::vector<Record>> records;
    std::map<Type, Failure> failures;
    std::optional<Failure> failure;
  };
  Node& node(std::string_view name);
  std::map<std::string, Node, std::less<>> nodes_;  // empty non-terminals included
};

/// Asks `evaluate(facts)` until it returns something that is no Question, answering from `world`;
/// the questions asked stand in `facts`. Evaluators are bounded, so this ends.
template <class Evaluate>
auto replay(World const& world, Facts& facts, Evaluate evaluate) {
  auto outcome = evaluate(std::as_const(facts));
  while (auto const* question = std::get_if<Question>(&outcome)) {
    facts.insert_or_assign(*question, world.answer(*question));
    outcome = evaluate(std::as_const(facts));
  }
  return outcome;
}
}  // namespace pb::dns
