// author.hpp: the Author Domain of a message: the domain of its From field.
// Spec: RFC 9989 §5.3.1; RFC 5322 §3.4, §3.6.2.  Tests: tests/suites/dmarc_suite.cpp
// Not here: address lists for delivery or display (mail/).
#pragma once

#include <string>
#include <string_view>

#include "mail/header_section.hpp"

namespace pb::dmarc {
/// Lower case. Empty unless there is exactly one From field and all its addresses have one domain.
std::string author_domain(mail::HeaderSection const& header);
/// The one domain of an address list's value; empty when it has none, or several.
std::string only_domain(std::string_view from_value);
}  // namespace pb::dmarc
