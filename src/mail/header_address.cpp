// header_address.cpp: a reader with one position over an address list; linear in its length.
// Spec: RFC 5322 §3.2 (tokens), §3.4, §4.4; each function quotes its rule.
// Tests: header_address_test.cpp, fuzz/header_address_fuzz.cpp    Not here: field folding on
// output.
#include "mail/header_address.hpp"

#include <optional>

#include "base/ascii.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"

namespace pb::mail {
namespace {
constexpr std::size_t addresses_max = 1000;
constexpr std::size_t comment_depth_max = 50;

bool is_atext(char c) {
  constexpr std::string_view specials = "!#$%&'*+-/=?^_`{|}~";
  return ascii::is_alnum(c) || specials.find(c) != std::string_view::npos ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_blank(char c) { return ascii::is_wsp(c) || c == '\r' || c == '\n'; }

/// word = atom / quoted-string; dots are kept as words of their own (obs-phrase, local parts).
struct Word {
  enum class Kind : std::uint8_t { atom, quoted, dot };
  Kind kind = Kind::atom;
  std::string text;  // quotes undone
  bool blank_before = false;
};
using Words = std::vector<Word>;

class Reader {
 public:
  explicit Reader(std::string_view value) : text_{value} {}

  std::expected<std::vector<NamedAddress>, HeaderAddressError> read() {
    while (!failed_ && skip_blanks()) read_element();
    if (in_group_) fail();
    if (failed_) return std::unexpected{error_};
    return std::move(found_);
  }

 private:
  void fail(HeaderAddressError error = HeaderAddressError::syntax) {
    failed_ = true;
    error_ = error;
  }
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  /// CFWS = (1*([FWS] comment) [FWS]) / FWS. False at the end of the text or on an error.
  bool skip_blanks() {
    for (;;) {
      while (!at_end() && is_blank(text_[at_])) ++at_;
      if (peek() != '(' || at_end()) return !at_end();
      if (!skip_comment()) return false;
    }
  }

  /// comment = "(" *([FWS] ccontent) [FWS] ")", and ccontent may be a comment again.
  bool skip_comment() {
    std::size_t depth = 0;
    for (; !at_end(); ++at_) {
      char const c = text_[at_];
      if (c == '\\' && at_ + 1 < text_.size()) {
        ++at_;
      } else if (c == '(') {
        if (++depth > comment_depth_max) break;
      } else if (c == ')' && --depth == 0) {
        ++at_;
        return true;
      }
    }
    fail();
    return false;
  }

  /// quoted-string = DQUOTE *([FWS] qcontent) [FWS] DQUOTE; a fold inside is only its blank.
  std::optional<std::string> take_quoted() {
    std::string value;
    for (++at_; !at_end(); ++at_) {
      char c = text_[at_];
      if (c == '"') {
        ++at_;
        return value;
      }
      if (c == '\r' || c == '\n') continue;
      if (c == '\\' && at_ + 1 < text_.size()) c = text_[++at_];
      if (ascii::is_control(c) && c != '\t') break;
      value += c;
    }
    fail();
    return std::nullopt;
  }

  /// *(atom / quoted-string / "."), as phrases and local parts are made of.
  Words take_words() {
    Words words;
    while (!failed_) {
      std::size_t const before = at_;
      if (!skip_blanks()) break;
      bool const blank_before = at_ != before;
      if (peek() == '"') {
        if (auto text = take_quoted(); text) {
          words.push_back({Word::Kind::quoted, std::move(*text), blank_before});
        }
      } else if (take('.')) {
        words.push_back({Word::Kind::dot, ".", blank_before});
      } else if (is_atext(peek())) {
        std::size_t const begin = at_;
        while (!at_end() && is_atext(text_[at_])) ++at_;
        words.push_back(
            {Word::Kind::atom, std::string{text_.substr(begin, at_ - begin)}, blank_before});
      } else {
        break;
      }
    }
    return words;
  }

  /// local-part = word *("." word): the obsolete form, which includes the others. A TAB, which
  /// RFC 5322 lets into a quoted string, is in no address that SMTP carries (RFC 5321 §4.1.2).
  std::optional<std::string> local_part_of(Words const& words) {
    std::string value;
    bool word_wanted = true;
    for (Word const& word : words) {
      if ((word.kind == Word::Kind::dot) == word_wanted) return std::nullopt;
      value += word.text;
      word_wanted = !word_wanted;
    }
    bool const fits = !word_wanted && value.size() <= limits::local_part_octets_max &&
                      !value.contains('\t') && utf8::valid(value);
    return fits ? std::optional{std::move(value)} : std::nullopt;
  }

  /// domain = dot-atom / domain-literal / obs-domain
  std::optional<Domain> take_domain() {
    if (!skip_blanks()) return std::nullopt;
    std::string spelled;
    if (peek() == '[') {
      auto const close = text_.find(']', at_);
      if (close == std::string_view::npos) return std::nullopt;
      spelled = text_.substr(at_, close + 1 - at_);
      at_ = close + 1;
    } else {
      for (Word const& word : take_words()) {
        if (word.kind == Word::Kind::quoted) return std::nullopt;
        bool const atom_follows_atom =
            word.kind == Word::Kind::atom && !spelled.empty() && !spelled.ends_with('.');
        if (atom_follows_atom) return std::nullopt;
        spelled += word.text;
      }
    }
    auto domain = parse_domain(spelled, Utf8::allow);
    return domain ? std::optional{std::move(*domain)} : std::nullopt;
  }

  /// addr-spec = local-part "@" domain, the words before "@" read already.
  std::optional<Mailbox> take_addr_spec(Words const& words) {
    auto local_part = local_part_of(words);
    if (!take('@')) {
      fail();
      return std::nullopt;
    }
    auto domain = take_domain();
    if (!local_part || !domain) {
      if (!failed_) fail(HeaderAddressError::bad_address);
      return std::nullopt;
    }
    return Mailbox{std::move(*local_part), std::move(*domain)};
  }

  /// obs-route = *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain]) ":", read and dropped.
  bool skip_route() {
    while (skip_blanks() && (peek() == '@' || peek() == ',')) {
      if (take(',')) continue;
      ++at_;
      if (!take_domain()) return false;
      skip_blanks();
      if (take(':')) return true;
      if (peek() != ',') return false;
    }
    return true;
  }

  /// angle-addr = [CFWS] "<" [obs-route] addr-spec ">" [CFWS]
  std::optional<Mailbox> take_angle_address() {
    ++at_;
    if (!skip_route()) {
      fail();
      return std::nullopt;
    }
    auto mailbox = take_addr_spec(take_words());
    if (!mailbox) return std::nullopt;
    skip_blanks();
    if (!take('>')) fail();
    return failed_ ? std::nullopt : std::move(mailbox);
  }

  static std::string display_name_of(Words const& words) {
    std::string name;
    for (Word const& word : words) {
      if (word.blank_before && !name.empty()) name += ' ';
      name += word.text;
    }
    return name;
  }

  void add(std::string display_name, Mailbox mailbox) {
    if (found_.size() == addresses_max) return fail(HeaderAddressError::too_many);
    found_.push_back({std::move(display_name), std::move(mailbox)});
  }

  /// mailbox = name-addr / addr-spec; group = display-name ":" [group-list] ";"; or an empty place.
  void read_element() {
    Words const words = take_words();
    if (failed_) return;
    char const next = peek();
    if (at_end() || next == ',' || (next == ';' && in_group_)) {
      if (!words.empty()) return fail();  // a name without an address
    } else if (next == '@') {
      auto mailbox = take_addr_spec(words);
      if (!mailbox) return;
      skip_blanks();
      if (failed_) return;
      if (peek() == '<' && !at_end()) {
        auto const again = take_angle_address();
        if (!again) return;
        if (!(*again == *mailbox)) return fail();
      }
      add({}, std::move(*mailbox));
    } else if (next == '<') {
      auto mailbox = take_angle_address();
      if (!mailbox) return;
      add(display_name_of(words), std::move(*mailbox));
    } else if (next == ':' && !in_group_ && !words.empty()) {
      ++at_;
      in_group_ = true;
      return;
    } else {
      return fail();
    }
    if (!failed_) end_element();
  }

  /// Behind an element: "," or the end, and ";" where a group is open.
  void end_element() {
    skip_blanks();
    if (failed_ || at_end()) return;
    if (in_group_ && take(';')) {
      in_group_ = false;
      skip_blanks();
      if (failed_ || at_end()) return;
    }
    if (!take(',') && !(in_group_ && peek() == ';')) fail();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool in_group_ = false;
  bool failed_ = false;
  HeaderAddressError error_ = HeaderAddressError::syntax;
  std::vector<NamedAddress> found_;
};
}  // namespace

std::expected<std::vector<NamedAddress>, HeaderAddressError> parse_header_addresses(
    std::string_view value) {
  return Reader{value}.read();
}
}  // namespace pb::mail
