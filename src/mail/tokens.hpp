// tokens.hpp: comments and folding white space of structured header fields.
// Spec: RFC 5322 §3.2.2 (CFWS).            Tests: header_address_test.cpp, date_test.cpp
// Not here: what the fields say (header_address.hpp, date.hpp).
#pragma once

#include <string>
#include <string_view>

namespace pb::mail {
/// How deep comments may nest before the rest is given up as malformed.
inline constexpr int comment_depth_max = 16;

/// Takes blanks, folds and comments off the front. False: a comment has no end or nests too deep;
/// then all of `text` is taken.
bool skip_cfws(std::string_view& text);
/// `text` with each comment outside of quoted strings put as one blank.
std::string without_comments(std::string_view text);
/// The authserv-id at the front of an Authentication-Results value, lower case; empty: none
/// (RFC 8601 §2.2: [CFWS] authserv-id, a token or quoted string).
std::string authserv_id(std::string_view value);
}  // namespace pb::mail
