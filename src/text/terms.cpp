// terms.cpp: see terms.hpp.
// Spec: docs/terms.md.
// Tests: text_test.cpp
#include "text/terms.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/utf8.hpp"

namespace pb::text {
namespace {
// Characters that only one script has, pairwise; enough that a text in the wrong one is noticed.
constexpr std::u32string_view only_hant =
    U"這個們對時間網連線設證憑碼應號郵發選開關閉錯誤檢測試無為與從經過還讓請說話問題機構"
    U"電腦傳輸協議較麼樣專業務處實際內線條記錄續讀寫體簡單雙導致擋鎖釋轉寄遠帳戶歡迎訊息響種類組";
constexpr std::u32string_view only_hans =
    U"这个们对时间网络连线设证凭码应号邮发选开关闭错误检测试无为与从经过还让请说话问题机构"
    U"电脑传输协议较么样专业务处实际内线条记录续读写体简单双导致挡锁释转寄远账户欢迎讯息响种类组";
constexpr std::string_view narrow_punctuation = ",;:!?()";

std::vector<std::string> words(std::string_view cell) {
  std::vector<std::string> out;
  while (!cell.empty()) {
    auto const at = cell.find("、");
    auto const word = ascii::trim(cell.substr(0, at));
    if (!word.empty()) out.emplace_back(word);
    if (at == std::string_view::npos) break;
    cell.remove_prefix(at + std::string_view{"、"}.size());
  }
  return out;
}

bool has_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    // An underscore joins: "MAIL_ENCRYPTION" is a name, not the word.
    auto const joins = [&](std::size_t i) { return ascii::is_alnum(text[i]) || text[i] == '_'; };
    auto const end = at + word.size();
    if ((at == 0 || !joins(at - 1)) && (end == text.size() || !joins(end))) return true;
  }
  return false;
}

bool has_any(std::string_view text, std::vector<std::string> const& list) {
  return std::ranges::any_of(list, [&](auto const& word) { return text.contains(word); });
}

/// Text without what stands in full-width brackets: there the other usage's word is welcome.
std::string outside_brackets(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto const open = text.find("（");
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    auto const close = text.find("）", open);
    text.remove_prefix(close == std::string_view::npos ? text.size() : close);
  }
  return out;
}

std::u32string decode(std::string_view text) {
  std::u32string out;
  while (auto const c = utf8::take(text)) out.push_back(*c);
  return out;
}

bool is_cjk(char32_t c) { return c >= 0x2E80 && c <= 0x9FFF && !(c >= 0x3000 && c <= 0x303F); }

void check_punctuation(std::string_view text, std::vector<std::string>& out) {
  std::u32string const wide = decode(text);
  for (std::size_t i = 0; i < wide.size(); ++i) {
    if (wide[i] > 0x7F || !narrow_punctuation.contains(static_cast<char>(wide[i]))) continue;
    bool const beside =
        (i > 0 && is_cjk(wide[i - 1])) || (i + 1 < wide.size() && is_cjk(wide[i + 1]));
    if (beside) out.push_back("half-width punctuation beside Chinese: " + std::string{text});
  }
}

void check_script(std::string_view text, std::u32string_view foreign, std::u32string_view own,
                  std::vector<std::string>& out) {
  for (char32_t const c : decode(text)) {
    if (!foreign.contains(c) || own.contains(c)) continue;
    std::string letter;
    utf8::append(letter, c);
    out.push_back("character of the other script " + letter + ": " + std::string{text});
  }
}
}  // namespace

std::vector<Term> parse_terms(std::string_view markdown) {
  std::vector<Term> terms;
  for (auto line : ascii::split(markdown, '\n')) {
    auto const cells = ascii::split(line, '|');
    if (cells.size() != 7 || cells[1].contains("---") || cells[1].contains("English")) continue;
    terms.push_back({ascii::to_lower(ascii::trim(cells[1])), words(cells[2]), words(cells[3]),
                     words(cells[4]), words(cells[5])});
  }
  return terms;
}

std::vector<std::string> complaints(Text const& text, std::vector<Term> const& terms) {
  std::vector<std::string> out;
  std::string_view const en = text.in(Language::en);
  std::string_view const hant = text.in(Language::zh_hant);
  std::string_view const hans = text.in(Language::zh_hans);
  if (hant == en || hans == en) out.push_back("not translated: " + std::string{en});
  if (hant == hans) out.push_back("both Chinese texts are the same: " + std::string{hant});
  std::string const english = ascii::to_lower(en);
  std::string const hant_bare = outside_brackets(hant);
  std::string const hans_bare = outside_brackets(hans);
  for (auto const& term : terms) {
    if (has_word(english, term.english)) {
      if (!has_any(hant, term.hant)) out.push_back(term.english + " in: " + std::string{hant});
      if (!has_any(hans, term.hans)) out.push_back(term.english + " in: " + std::string{hans});
    }
    if (has_any(hant_bare, term.hant_not)) {
      out.push_back("other usage of " + term.english + ": " + std::string{hant});
    }
    if (has_any(hans_bare, term.hans_not)) {
      out.push_back("other usage of " + term.english + ": " + std::string{hans});
    }
  }
  for (auto chinese : {hant, hans}) check_punctuation(chinese, out);
  check_script(hant_bare, only_hans, only_hant, out);
  check_script(hans_bare, only_hant, only_hans, out);
  return out;
}
}  // namespace pb::text
