// canonical.cpp: see canonical.hpp.                                         Spec: RFC 6376 §3.4.
#include "dkim/canonical.hpp"

#include <algorithm>
#include <array>

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

/// What is no line end: the line ends held back come before it.
void BodyHash::content(std::string_view octets) {
  constexpr auto lines = [] {
    std::array<char, 128> out{};
    for (std::size_t i = 0; i < out.size(); i += 2) {
      out[i] = '\r';
      out[i + 1] = '\n';
    }
    return out;
  }();
  while (empty_lines_ > 0) {
    std::uint64_t const now = std::min<std::uint64_t>(empty_lines_, lines.size() / 2);
    put({lines.data(), static_cast<std::size_t>(now * 2)});
    empty_lines_ -= now;
  }
  put(octets);
}

void BodyHash::update(std::string_view chunk) {
  if (chunk.empty()) return;
  if (held_cr_) {
    held_cr_ = false;
    if (chunk.front() == '\n') {
      chunk.remove_prefix(1);
      held_blank_ = false;
      ++empty_lines_;
    } else {
      if (held_blank_) content(" ");
      held_blank_ = false;
      content("\r");
    }
  }
  how_ == Canonicalization::simple ? update_simple(chunk) : update_relaxed(chunk);
}

/// Everything is put as it is but the line ends at the end (§3.4.3).
void BodyHash::update_simple(std::string_view chunk) {
  std::size_t end = chunk.size();
  bool const cr_last = end > 0 && chunk[end - 1] == '\r';
  if (cr_last) --end;
  std::size_t const content_limit = end;
  while (end >= 2 && chunk[end - 1] == '\n' && chunk[end - 2] == '\r') end -= 2;
  if (end > 0) content(chunk.substr(0, end));
  empty_lines_ += (content_limit - end) / 2;
  held_cr_ = cr_last;
}

/// Line ends are held, blanks before them dropped, other blanks become one space (§3.4.4).
void BodyHash::update_relaxed(std::string_view chunk) {
  std::array<char, 2048> gathered;  // digests like long runs
  std::size_t filled = 0;
  auto const flush = [&] {
    if (filled > 0) put({gathered.data(), filled});
    filled = 0;
  };
  auto const gather = [&](std::string_view octets) {
    for (; empty_lines_ > 0; --empty_lines_) {
      if (gathered.size() - filled < crlf.size()) flush();
      gathered[filled++] = '\r';
      gathered[filled++] = '\n';
    }
    if (octets.size() > gathered.size() - filled) flush();
    if (octets.size() > gathered.size()) {
      put(octets);
      return;
    }
    std::ranges::copy(octets, gathered.begin() + static_cast<std::ptrdiff_t>(filled));
    filled += octets.size();
  };
  while (!chunk.empty()) {
    std::size_t run = 0;
    while (run < chunk.size() && chunk[run] != ' ' && chunk[run] != '\t' && chunk[run] != '\r') {
      ++run;
    }
    if (run > 0) {
      if (held_blank_) gather(" ");
      held_blank_ = false;
      gather(chunk.substr(0, run));
      chunk.remove_prefix(run);
      continue;
    }
    bool const cr = chunk.front() == '\r';
    if (!cr) {
      held_blank_ = true;
    } else if (chunk.size() == 1) {
      held_cr_ = true;
    } else if (chunk[1] == '\n') {
      held_blank_ = false;
      ++empty_lines_;
      chunk.remove_prefix(1);
    } else {
      if (held_blank_) gather(" ");
      held_blank_ = false;
      gather("\r");
    }
    chunk.remove_prefix(1);
  }
  flush();
}

/// A last line without its end gets one; an empty body is CRLF in simple, nothing in relaxed.
void BodyHash::finish() {
  if (held_cr_) {
    if (held_blank_) content(" ");
    content("\r");
  }
  held_cr_ = false;
  held_blank_ = false;
  if (octets_ > 0 || how_ == Canonicalization::simple) put(crlf);
  result_ = running_.finish();
}
}  // namespace pb::dkim
