// question.cpp: which captured messages a person or a test suite means.  Tests: inbox_test.cpp
// Spec: docs/reference/admin-api.md "/inbox".              Not here: waiting for one (api/inbox).
#include "inbox/question.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace pb::inbox {
namespace {
bool contains(std::string_view text, std::string_view part) {
  return ascii::to_lower(text).find(ascii::to_lower(part)) != std::string::npos;
}
}  // namespace

bool fits(Question const& question, Summary const& message) {
  if (message.id <= question.after) return false;
  bool const to = question.to.empty() || std::ranges::any_of(message.to, [&](auto const& one) {
                    return contains(one, question.to);
                  });
  bool const from = question.from.empty() || contains(message.reverse_path, question.from) ||
                    contains(message.from, question.from);
  bool const subject = question.subject.empty() || contains(message.subject, question.subject);
  bool const account =
      question.account.empty() || ascii::iequals(question.account, message.account);
  return to && from && subject && account;
}
}  // namespace pb::inbox
