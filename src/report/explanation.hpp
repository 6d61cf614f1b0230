// explanation.hpp: the first part of a report: what happened and what to do, for a person.
// Spec: RFC 3461 §6.2; docs/terms.md.                                 Tests: dsn_test.cpp
// Not here: the machine's part (dsn.hpp), the sentences (messages.hpp).
#pragma once

#include <string>
#include <string_view>

#include "queue/event.hpp"
#include "text/language.hpp"

namespace pb::report {
/// Lines with CRLF, at most 76 columns but for long words. Its first sentence says what was not
/// delivered to whom and why.
std::string explain(queue::ReportRequest const& request, std::string_view hostname,
                    text::Language language);
/// "550 5.1.1 no such user", escaped, cut.
std::string said_in_one_line(queue::RemoteReply const& reply);
}  // namespace pb::report
