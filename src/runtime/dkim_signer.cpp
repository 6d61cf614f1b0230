// dkim_signer.cpp: see dkim_signer.hpp.                                        Spec: RFC 6376 §5.
#include "runtime/dkim_signer.hpp"

#include <algorithm>

#include "dmarc/author.hpp"
#include "dns/name.hpp"

namespace pb::runtime {
DkimSigner::DkimSigner(std::vector<dkim::SigningKey> keys) : keys_{std::move(keys)} {}

std::vector<dkim::SigningKey> DkimSigner::keys_for(mail::HeaderSection const& header) const {
  std::string const author = dmarc::author_domain(header);
  std::size_t nearest = 0;
  std::vector<dkim::SigningKey> out;
  for (dkim::SigningKey const& key : keys_) {
    bool const fits = !author.empty() && dns::is_or_below(author, key.domain);
    if (!fits || key.domain.size() < nearest) continue;
    if (key.domain.size() > nearest) out.clear();
    nearest = key.domain.size();
    out.push_back(key);
  }
  return out;
}

std::string DkimSigner::sign(std::string_view message, Instant now) const {
  std::size_t const end = message.find("\r\n\r\n");
  if (end == std::string_view::npos) return {};
  auto const header = mail::HeaderSection::parse(std::string{message.substr(0, end + 2)});
  if (!header) return {};
  std::vector<dkim::SigningKey> keys = keys_for(*header);
  if (keys.empty()) return {};
  dkim::SignOptions options;
  options.now = now;
  auto signer = dkim::Signer::make(*header, std::move(keys), std::move(options));
  if (!signer) return {};
  signer->body(message.substr(end + 4));
  return signer->finish().value_or("");
}
}  // namespace pb::runtime
