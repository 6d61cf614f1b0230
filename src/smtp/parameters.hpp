// parameters.hpp: ESMTP parameters of MAIL and RCPT, each by its own grammar.
// Spec: RFC 5321 §4.1.2 (esmtp-param); the RFC of each stands in the tables of parameters.cpp.
// Not here: whether the extension is offered (server/mail.cpp).
#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "smtp/command.hpp"

namespace pb::smtp {
struct Parameter {
  std::string_view keyword;
  std::optional<std::string_view> value;  // absent: no "=" followed
};

/// Walks over *( SP esmtp-keyword ["=" esmtp-value] ).
class ParameterList {
 public:
  explicit ParameterList(std::string_view text) : rest_{text} {}
  /// The next one; nullopt at the end or at the first that is no parameter.
  std::optional<Parameter> next();
  [[nodiscard]] bool is_malformed() const { return malformed_; }

 private:
  std::string_view rest_;
  bool malformed_ = false;
};

std::expected<void, SyntaxError> set_mail_parameter(MailCommand& command, Parameter const& given);
std::expected<void, SyntaxError> set_rcpt_parameter(RcptCommand& command, Parameter const& given,
                                                    mail::Utf8 utf8);
}  // namespace pb::smtp
