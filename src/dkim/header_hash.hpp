// header_hash.hpp: which instances of fields a signature covers, and their digest.
// Spec: RFC 6376 §5.4.2 (bottom up), §3.7.                              Tests: verify_test.cpp
// Not here: one field's canonical form (canonical.hpp).
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.hpp"
#include "dkim/canonical.hpp"
#include "dkim/crypto.hpp"
#include "mail/header_section.hpp"

namespace pb::dkim {
/// Finds instances of fields by name, last first. Borrowed from the section, which must outlive it.
class FieldIndex {
 public:
  explicit FieldIndex(mail::HeaderSection const& section);
  [[nodiscard]] mail::HeaderSection const& section() const { return section_; }
  /// Positions of the fields of that name, top down; empty when there are none.
  [[nodiscard]] std::span<std::size_t const> positions(std::string_view name) const;

 private:
  mail::HeaderSection const& section_;
  std::map<std::string, std::vector<std::size_t>, ascii::ILess> positions_;
};

/// No field is left out.
inline constexpr std::size_t no_field = static_cast<std::size_t>(-1);

/// The digest of the fields that `names` selects: each further mention of a name takes the next
/// instance upwards, and nothing when there is none. `excluded` is the position of the field that
/// is being verified. The signature field itself is not yet in it.
Digest hash_fields(FieldIndex const& index, std::span<std::string const> names,
                   Canonicalization how, Hash hash, std::size_t excluded = no_field);

/// `raw` canonicalized with nothing between its begin and end of b=, and without its CRLF (§3.7).
/// The offsets count from the field's value, behind the colon.
std::string signature_field_without_b(Canonicalization how, mail::Field const& field,
                                      std::size_t b_begin, std::size_t b_end);
}  // namespace pb::dkim
