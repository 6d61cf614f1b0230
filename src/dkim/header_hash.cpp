// header_hash.cpp: see header_hash.hpp.                                Spec: RFC 6376 §3.7, §5.4.2.
#include "dkim/header_hash.hpp"

namespace pb::dkim {
FieldIndex::FieldIndex(mail::HeaderSection const& section) : section_{section} {
  for (std::size_t i = 0; i < section.size(); ++i) {
    std::string_view const name = section.at(i).name;
    auto at = positions_.find(name);
    if (at == positions_.end())
      at = positions_.emplace(std::string{name}, std::vector<std::size_t>{}).first;
    at->second.push_back(i);
  }
}

std::span<std::size_t const> FieldIndex::positions(std::string_view name) const {
  auto const at = positions_.find(name);
  if (at == positions_.end()) return {};
  return at->second;
}

Digest hash_fields(FieldIndex const& index, std::span<std::string const> names,
                   Canonicalization how, Hash hash, std::size_t excluded) {
  Digest out{hash};
  std::map<std::string_view, std::size_t, ascii::ILess> taken;
  for (std::string const& name : names) {
    auto const positions = index.positions(name);
    std::size_t& used = taken[name];
    if (used < positions.size() && positions[positions.size() - 1 - used] == excluded) ++used;
    if (used >= positions.size()) continue;
    std::size_t const position = positions[positions.size() - 1 - used];
    ++used;
    out.update(canonical_field(how, index.section().at(position).raw));
  }
  return out;
}

std::string signature_field_without_b(Canonicalization how, mail::Field const& field,
                                      std::size_t b_begin, std::size_t b_end) {
  auto const value_begin = static_cast<std::size_t>(field.value.data() - field.raw.data());
  std::string raw{field.raw.substr(0, value_begin + b_begin)};
  raw += field.raw.substr(value_begin + b_end);
  std::string out = canonical_field(how, raw);
  if (out.ends_with("\r\n")) out.resize(out.size() - 2);
  return out;
}
}  // namespace pb::dkim
