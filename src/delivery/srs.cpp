// srs.cpp: hash, day stamp and the two forms.
// Spec: libsrs2.net/srs/srs.pdf; RFC 2104 (HMAC).                         Tests: srs_test.cpp
#include "delivery/srs.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <chrono>
#include <optional>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/limits.hpp"

namespace pb::delivery {
namespace {
constexpr std::string_view base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr int day_stamp_period = 1024;  // two characters
constexpr int days_valid = 21;
constexpr std::size_t hash_characters = 8;

/// Of everything behind the hash, without regard to case: some systems change it on the way.
std::string hash_of(std::string const& secret, std::string_view text) {
  std::string const lower = ascii::to_lower(text);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned octets = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<unsigned char const*>(lower.data()), lower.size(), digest, &octets);
  // Letters that mean the same in any case, so that a lower-cased hash still holds.
  std::string out;
  for (std::size_t i = 0; i < hash_characters; ++i) out += base32[digest[i] & 31];
  return out;
}

int day_number(Instant now) {
  auto const days = std::chrono::duration_cast<std::chrono::days>(now.time_since_epoch());
  return static_cast<int>(days.count() % day_stamp_period);
}

std::string day_stamp(Instant now) {
  int const day = day_number(now);
  return {base32[static_cast<std::size_t>(day >> 5)], base32[static_cast<std::size_t>(day & 31)]};
}

std::optional<int> day_of(std::string_view stamp) {
  if (stamp.size() != 2) return std::nullopt;
  int day = 0;
  for (char const c : stamp) {
    auto const at = base32.find(ascii::upper(c));
    if (at == std::string_view::npos) return std::nullopt;
    day = day << 5 | static_cast<int>(at);
  }
  return day;
}

bool same_hash(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned>(ascii::upper(a[i]) ^ ascii::upper(b[i]));
  return difference == 0;
}

struct Taken {
  std::string_view word;
  std::string_view rest;
};
std::optional<Taken> take(std::string_view text) {
  auto const end = text.find('=');
  if (end == std::string_view::npos) return std::nullopt;
  return Taken{text.substr(0, end), text.substr(end + 1)};
}

bool has_tag(std::string_view local_part, std::string_view tag) {
  return ascii::istarts_with(local_part, tag) && local_part.size() > tag.size() &&
         std::string_view{"=+-"}.find(local_part[tag.size()]) != std::string_view::npos;
}

std::expected<mail::Mailbox, SrsError> checked(std::string local_part, std::string const& domain) {
  if (local_part.size() > limits::local_part_octets) return std::unexpected{SrsError::too_long};
  return mail::Mailbox{std::move(local_part), {domain}};
}

std::expected<mail::Mailbox, SrsError> parsed(std::string const& local_part,
                                              std::string_view domain) {
  auto const valid = mail::parse_domain(domain, mail::Utf8::allow);
  if (!valid || local_part.empty()) return std::unexpected{SrsError::malformed};
  return mail::Mailbox{local_part, *valid};
}
}  // namespace

bool is_srs(mail::Mailbox const& mailbox) {
  return has_tag(mailbox.local_part, "SRS0") || has_tag(mailbox.local_part, "SRS1");
}

std::expected<mail::Mailbox, SrsError> Srs::forward(mail::Mailbox const& sender,
                                                    Instant now) const {
  std::string_view const local = sender.local_part;
  if (has_tag(local, "SRS1")) {
    // SRS1=HHHH=first==rest: only the hash is ours to change.
    auto const old_hash = take(local.substr(5));
    if (!old_hash) return std::unexpected{SrsError::malformed};
    std::string const body{old_hash->rest};
    return checked("SRS1=" + hash_of(secret, body) + '=' + body, domain);
  }
  if (has_tag(local, "SRS0")) {
    // The first forwarder stays the one who checks; we only pass the bounce on to it.
    std::string const body = sender.domain.text + '=' + std::string{local.substr(4)};
    return checked("SRS1=" + hash_of(secret, body) + '=' + body, domain);
  }
  std::string const body = day_stamp(now) + '=' + sender.domain.text + '=' + sender.local_part;
  return checked("SRS0=" + hash_of(secret, body) + '=' + body, domain);
}

std::expected<mail::Mailbox, SrsError> Srs::reverse(mail::Mailbox const& rewritten,
                                                    Instant now) const {
  std::string_view const local = rewritten.local_part;
  if (!is_srs(rewritten)) return std::unexpected{SrsError::not_srs};
  auto const hash = take(local.substr(5));
  if (!hash) return std::unexpected{SrsError::malformed};
  if (!same_hash(hash->word, hash_of(secret, hash->rest)))
    return std::unexpected{SrsError::bad_hash};
  if (has_tag(local, "SRS1")) {
    auto const first = take(hash->rest);
    if (!first) return std::unexpected{SrsError::malformed};
    return parsed("SRS0" + std::string{first->rest}, first->word);
  }
  auto const stamp = take(hash->rest);
  if (!stamp) return std::unexpected{SrsError::malformed};
  auto const day = day_of(stamp->word);
  if (!day) return std::unexpected{SrsError::malformed};
  int const age = (day_number(now) - *day + day_stamp_period) % day_stamp_period;
  if (age > days_valid) return std::unexpected{SrsError::too_old};
  auto const sender_domain = take(stamp->rest);
  if (!sender_domain) return std::unexpected{SrsError::malformed};
  return parsed(std::string{sender_domain->rest}, sender_domain->word);
}
}  // namespace pb::delivery
