// aliases_test.cpp: alias files as people have them, circles, and the forms that are refused.
// Spec: docs/reference (domain.aliases).
#include "delivery/aliases.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pb::delivery {
namespace {
std::string expanded(AliasTable const& table, std::string_view name) {
  std::string out;
  for (mail::Mailbox const& mailbox : table.expand(name, "us.example"))
    out += (out.empty() ? "" : " ") + mailbox.text();
  return out;
}

TEST(Aliases, are_read_and_followed) {
  auto const table = AliasTable::parse(
      "# who reads what\nPostmaster: root\nroot: alice, bob@us.example\n"
      "team: alice,\n  carol@else.example  # outside\n\nbob: bob, dave@else.example\n");
  ASSERT_TRUE(table);
  EXPECT_EQ(expanded(*table, "POSTMASTER"), "alice@us.example bob@us.example dave@else.example");
  EXPECT_EQ(expanded(*table, "team"), "alice@us.example carol@else.example");
  EXPECT_EQ(expanded(*table, "nobody"), "nobody@us.example");
}

TEST(Aliases, circles_end) {
  auto const table = AliasTable::parse("a: b\nb: c, x\nc: a\n");
  ASSERT_TRUE(table);
  EXPECT_EQ(expanded(*table, "a"), "a@us.example x@us.example");
}

TEST(Aliases, programs_files_and_includes_are_named_errors) {
  auto const kind = [](std::string_view text) {
    auto const table = AliasTable::parse(text);
    return table ? std::optional<AliasErrorKind>{} : table.error().front().kind;
  };
  EXPECT_EQ(kind("a: |/usr/bin/vacation"), AliasErrorKind::program);
  EXPECT_EQ(kind("a: \"|prog -x\""), AliasErrorKind::program);
  EXPECT_EQ(kind("a: /var/mail/a"), AliasErrorKind::file);
  EXPECT_EQ(kind("a: :include:/etc/list"), AliasErrorKind::include);
  EXPECT_EQ(kind("a b"), AliasErrorKind::no_colon);
  EXPECT_EQ(kind("a@b: c"), AliasErrorKind::bad_name);
  EXPECT_EQ(kind("a:"), AliasErrorKind::no_target);
  EXPECT_EQ(kind("a: b@@c"), AliasErrorKind::bad_target);
  EXPECT_EQ(kind("a: b\nA: c"), AliasErrorKind::twice);
  auto const many = AliasTable::parse("ok: b\n\nx: |p, /f\n");
  ASSERT_FALSE(many);
  ASSERT_EQ(many.error().size(), 2);
  EXPECT_EQ(many.error()[1].line, 3);
}

TEST(Aliases, an_expansion_is_bounded) {
  std::string text;
  for (int rule = 0; rule < 50; ++rule) {
    text += fmt::format("r{}: r{}", rule, rule + 1);
    for (int i = 0; i < 100; ++i) text += fmt::format(", u{}x{}@else.example", rule, i);
    text += '\n';
  }
  auto const table = AliasTable::parse(text);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->expand("r0", "us.example").size(), alias_targets_max);
}
}  // namespace
}  // namespace pb::delivery
