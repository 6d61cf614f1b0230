// canonical.cpp: see canonical.hpp.                                         Spec: RFC 6376 §3.4.
#include "dkim/canonical.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.hpp"

namespace pb::dkim {
namespace {
constexpr std::string_view crlf = "\r\n";

/// §3.4.2: unfolded, runs of WSP as one space, none at the ends.
void append_relaxed_value(std::string& out, std::string_view value) {
  bool blank = false;
  bool any = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    char const c = value[i];
    if (c == '\r' && i + 1 < value.size() && value[i + 1] == '\n') {
      ++i;
      continue;
    }
    if (ascii::is_wsp(c)) {
      blank = true;
      continue;
    }
    if (blank && any) out.push_back(' ');
    out.push_back(c);
    blank = false;
    any = true;
  }
}

/// A blank that relaxed changes: no single space, or a line's end behind it. Without a branch.
unsigned changes(char octet, char next) {
  auto const is = [](char c, char what) { return static_cast<unsigned>(c == what); };
  return is(octet, '\t') | (is(octet, ' ') & (is(next, ' ') | is(next, '\t') | is(next, '\r')));
}

/// How many octets at the front relaxed leaves as they are, but for the line ends at the very end.
std::size_t relaxed_already(std::string_view chunk) {
  constexpr std::size_t block = 64;  // looked at as a whole first, which compilers vectorize
  std::size_t const last = chunk.size() - 1;
  std::size_t at = 0;
  while (at < last) {
    std::size_t const end = std::min(at + block, last);
    unsigned any = 0;
    for (std::size_t i = at; i < end; ++i) any |= changes(chunk[i], chunk[i + 1]);
    for (; any != 0 && at < end; ++at) {
      if (changes(chunk[at], chunk[at + 1]) != 0) return at;
    }
    at = end;
  }
  bool const told_by_the_next = chunk[last] == ' ' || chunk[last] == '\t' || chunk[last] == '\r';
  return told_by_the_next ? last : last + 1;
}
}  // namespace

std::string canonical_field(Canonicalization how, std::string_view raw) {
  if (how == Canonicalization::simple) return std::string{raw};
  std::size_t const colon = std::min(raw.find(':'), raw.size());
  std::string out;
  out.reserve(raw.size());
  for (char c : raw.substr(0, colon)) {
    if (!ascii::is_wsp(c)) out.push_back(ascii::lower(c));
  }
  out.push_back(':');
  if (colon < raw.size()) append_relaxed_value(out, raw.substr(colon + 1));
  out += crlf;
  return out;
}

BodyHash::BodyHash(Canonicalization how, Hash hash, std::optional<std::uint64_t> limit)
    : how_{how}, limit_{limit}, running_{hash} {}

void BodyHash::put(std::string_view octets) {
  if (!limit_) {
    running_.update(octets);
  } else if (octets_ < *limit_) {
    running_.update(octets.substr(0, *limit_ - octets_));
  }
  octets_ += octets.size();
}

/// Short pieces go to the digest together: a call costs as much as 20 octets.
class BodyHash::Gather {
 public:
  explicit Gather(BodyHash& to) : to_{to} {}
  ~Gather() { flush(); }
  Gather(Gather const&) = delete;
  Gather& operator=(Gather const&) = delete;
  void put(std::string_view octets) {
    if (octets.size() > octets_.size() - filled_) flush();
    if (octets.size() > octets_.size()) return to_.put(octets);
    std::ranges::copy(octets, octets_.begin() + static_cast<std::ptrdiff_t>(filled_));
    filled_ += octets.size();
  }

 private:
  void flush() {
    if (filled_ > 0) to_.put({octets_.data(), filled_});
    filled_ = 0;
  }
  BodyHash& to_;
  std::size_t filled_ = 0;
  std::array<char, 512> octets_;
};

/// What ends with no line end: the line ends held back come before it.
void BodyHash::content(Gather& gather, std::string_view octets) {
  for (; empty_lines_ > 0; --empty_lines_) gather.put(crlf);
  gather.put(octets);
}

/// The line ends at its end are held back: they may be the trailing ones.
void BodyHash::lines(Gather& gather, std::string_view octets) {
  std::size_t end = octets.size();
  while (end >= 2 && octets[end - 1] == '\n' && octets[end - 2] == '\r') end -= 2;
  if (end > 0) content(gather, octets.substr(0, end));
  empty_lines_ += (octets.size() - end) / 2;
}

void BodyHash::update(std::string_view chunk) {
  if (chunk.empty()) return;
  Gather gather{*this};
  if (std::exchange(held_cr_, false)) {
    bool const line_end = chunk.front() == '\n';
    if (line_end) {
      chunk.remove_prefix(1);
      ++empty_lines_;
    } else {
      content(gather, held_blank_ ? " \r" : "\r");
    }
    held_blank_ = false;
  }
  if (how_ == Canonicalization::relaxed) return update_relaxed(gather, chunk);
  held_cr_ = chunk.ends_with('\r');
  chunk.remove_suffix(held_cr_ ? 1 : 0);
  lines(gather, chunk);
}

/// Line ends are held, blanks before them dropped, other blanks become one space (§3.4.4). Most of
/// a body is canonical already and is digested where it lies.
void BodyHash::update_relaxed(Gather& gather, std::string_view chunk) {
  for (;;) {
    if (held_blank_) chunk.remove_prefix(std::min(chunk.find_first_not_of(" \t"), chunk.size()));
    if (chunk.empty()) return;
    if (chunk == "\r") {
      held_cr_ = true;
      return;
    }
    if (std::exchange(held_blank_, false) && !chunk.starts_with(crlf)) content(gather, " ");
    std::size_t const same = relaxed_already(chunk);
    lines(gather, chunk.substr(0, same));
    chunk.remove_prefix(same);
    held_blank_ = !chunk.empty() && chunk.front() != '\r';
  }
}

/// A last line without its end gets one; an empty body is CRLF in simple, nothing in relaxed.
void BodyHash::finish() {
  if (held_cr_) {
    Gather gather{*this};
    content(gather, held_blank_ ? " \r" : "\r");
  }
  held_cr_ = false;
  held_blank_ = false;
  if (octets_ > 0 || how_ == Canonicalization::simple) put(crlf);
  result_ = running_.finish();
}
}  // namespace pb::dkim
