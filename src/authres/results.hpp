// results.hpp: Authentication-Results as a value: read, written, and told ours from a stranger's.
// Spec: RFC 8601 §2.2 (grammar), §5 (removing forged ones).              Tests: results_test.cpp
// Not here: which results there are (policy, runtime).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pb::authres {
/// "smtp.mailfrom=a@b.example": ptype, property, value.
struct Property {
  std::string type;
  std::string name;
  std::string value;
  friend bool operator==(Property const&, Property const&) = default;
};

/// "spf=pass (comment) reason=... smtp.mailfrom=..."
struct MethodResult {
  std::string method;  // lower case, version removed
  std::string result;  // lower case
  std::string reason;  // a sentence; empty: none
  std::vector<Property> properties;
  std::string comment;  // written in parentheses behind the result; not read
  friend bool operator==(MethodResult const&, MethodResult const&) = default;
};

struct Results {
  std::string authserv_id;
  std::vector<MethodResult> methods;  // empty: "none"
  friend bool operator==(Results const&, Results const&) = default;
};

/// A field's value, folds and comments allowed; nullopt when it is not the grammar.
std::optional<Results> parse(std::string_view value);
/// The value begins with that authserv-id (RFC 8601 §5), whatever follows; letters of either case.
/// What a stranger wrote in our name must go even when the rest is malformed.
bool claims(std::string_view value, std::string_view authserv_id);
/// The value, one method a line, folded with CRLF: "mx.example;\r\n\tspf=pass ...". Unsafe octets
/// of peers are quoted or dropped, so that nothing can be injected.
std::string write(Results const& results);
/// "Authentication-Results: ...\r\n".
std::string field(Results const& results);
/// The parts behind the authserv-id, as they were written: comments kept, folds opened.
std::vector<std::string> raw_methods(std::string_view value);
}  // namespace pb::authres
