// people.hpp: who sends mail to the simulated server: programs that speak SMTP well, and others.
// Spec: RFC 5321 §3; RFC 6409.                     Not here: what they may (policy/ decides).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accounts/directory.hpp"
#include "sim/client_link.hpp"
#include "sim/ledger.hpp"
#include "sim/server_link.hpp"

namespace pb::sim {
class SimWorld;

/// our.test: anna, bert, carl and dora, with passwords.
accounts::Directory const& directory();
sasl::Answer answer_login(sasl::Question const& question);

class Person {
 public:
  virtual ~Person() = default;
  virtual void begin() = 0;
};
/// Sends one letter with our own client session, and again later when it was not taken.
/// `domain`: to that one alone.
std::unique_ptr<Person> make_submitter(SimWorld& world, std::optional<std::size_t> domain = {});
/// Says what it should not, and takes no answer.
std::unique_ptr<Person> make_hostile(SimWorld& world);
}  // namespace pb::sim
