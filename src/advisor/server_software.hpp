// server_software.hpp: which program answers, told by its greeting or by another reply of it.
// Spec: none; words that each program writes. A guess for people, never a reason for a verdict:
// a greeting may say anything.                                   Tests: server_software_test.cpp
#pragma once

#include <string_view>

namespace pb::advisor {
struct ServerSoftware {
  std::string_view vendor;   // empty: the product has none of another name
  std::string_view product;  // empty: nothing in the text tells it
};
/// `reply` with or without its code, one line or several. Linear in its length.
ServerSoftware server_software(std::string_view reply);
/// A greeting that follows the grammar of SMTP and names no program ("mx.example.com ESMTP ready").
bool is_unnamed_greeting(std::string_view reply);
}  // namespace pb::advisor
