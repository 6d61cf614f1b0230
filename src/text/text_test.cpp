// text_test.cpp: languages are chosen as POSIX and RFC 5646 say, and tables line up in all three.
// Spec: docs/terms.md, Unicode UAX #11.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/utf8.hpp"
#include "text/language.hpp"
#include "text/layout.hpp"
#include "text/message.hpp"
#include "text/terms.hpp"

namespace pb::text {
namespace {
std::vector<Term> terms_of_the_docs() {
  std::ifstream file{PB_SOURCE_DIR "/docs/terms.md"};
  std::stringstream text;
  text << file.rdbuf();
  return parse_terms(text.str());
}

TEST(Language, scripts_regions_and_locales_are_understood) {
  EXPECT_EQ(parse_language("en_GB.UTF-8"), Language::en);
  EXPECT_EQ(parse_language("C.UTF-8"), Language::en);
  EXPECT_EQ(parse_language("POSIX"), Language::en);
  for (auto name : {"zh_TW", "zh_TW.UTF-8", "zh_HK", "zh-MO", "zh-Hant", "zh-hant-CN", "ZH-TW"}) {
    EXPECT_EQ(parse_language(name), Language::zh_hant) << name;
  }
  for (auto name : {"zh_CN", "zh_CN.GB18030", "zh_SG", "zh", "zh-Hans", "zh-Hans-TW"}) {
    EXPECT_EQ(parse_language(name), Language::zh_hans) << name;
  }
  EXPECT_EQ(parse_language("fr_FR"), std::nullopt);
  EXPECT_EQ(parse_language(""), std::nullopt);
}

TEST(Language, the_strongest_source_that_is_set_decides) {
  EXPECT_EQ(choose_language({}), Language::en);
  EXPECT_EQ(choose_language({.lang = "zh_TW.UTF-8"}), Language::zh_hant);
  EXPECT_EQ(choose_language({.lc_messages = "zh_CN", .lang = "zh_TW"}), Language::zh_hans);
  EXPECT_EQ(choose_language({.packetboat_lang = "zh-Hant", .lc_all = "C"}), Language::zh_hant);
  EXPECT_EQ(choose_language({.flag = "en", .packetboat_lang = "zh"}), Language::en);
  EXPECT_EQ(choose_language({.lc_all = "de_DE.UTF-8", .lang = "zh_TW"}), Language::en);
}

constexpr Message catalogue[] = {
    {"open", {"Port {0} is open on {1}", "{1} 的連接埠 {0} 已開啟", "{1} 的端口 {0} 已开放"}},
};

TEST(Message, placeholders_go_by_number_so_that_word_order_is_free) {
  constexpr Text open = find(catalogue, "open");
  EXPECT_EQ(say(Language::en, open, 587, "a.example"), "Port 587 is open on a.example");
  EXPECT_EQ(say(Language::zh_hant, open, 587, "a.example"), "a.example 的連接埠 587 已開啟");
}

TEST(Layout, table_columns_line_up_by_display_width) {
  Table table;
  table.row({"連接埠", "狀態", "x"});
  table.row({"587", "open", "y"});
  EXPECT_EQ(table.render(), "  連接埠  狀態  x\n  587     open  y\n");
  Table wide;
  wide.row({"587", "silent for 5 seconds; so is a second server"});
  EXPECT_EQ(wide.render(30), "  587  silent for 5 seconds;\n       so is a second server\n");
}

TEST(Layout, chinese_breaks_between_characters_but_not_before_a_comma) {
  EXPECT_EQ(wrap("請用連接埠，謝謝", 10), (std::vector<std::string>{"請用連接", "埠，謝謝"}));
  EXPECT_EQ(wrap("use port 587 now", 8), (std::vector<std::string>{"use port", "587 now"}));
  EXPECT_EQ(wrap("", 8), std::vector<std::string>{""});
  EXPECT_EQ(paragraph("Known: ", "a b c d e f g h i j k", 23),
            "Known: a b c d e f g h\n       i j k\n");
}

TEST(Layout, invalid_utf8_neither_hangs_nor_is_lost) {
  EXPECT_EQ(wrap("a\xFF\xFE b", 80).front(), "a\xFF\xFE b");
}

TEST(Terms, the_docs_fix_at_least_thirty_terms) { EXPECT_GE(terms_of_the_docs().size(), 30U); }

TEST(Terms, a_message_that_keeps_the_rules_has_no_complaints) {
  auto const terms = terms_of_the_docs();
  EXPECT_TRUE(
      complaints({"Use port {0}.", "請用連接埠（端口）{0}。", "请用端口 {0}。"}, terms).empty());
}

TEST(Terms, each_broken_rule_is_named) {
  auto const terms = terms_of_the_docs();
  EXPECT_FALSE(complaints({"server", "服務器", "服务器"}, terms).empty());
  EXPECT_FALSE(complaints({"port", "端口", "端口"}, terms).empty());
  EXPECT_FALSE(complaints({"yes, it is", "是,的", "是，对"}, terms).empty());
  EXPECT_FALSE(complaints({"these", "这个", "这些"}, terms).empty());
  EXPECT_FALSE(complaints({"OK", "OK", "好"}, terms).empty());
}
}  // namespace
}  // namespace pb::text
