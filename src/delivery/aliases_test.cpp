// aliases_test.cpp: alias files as people have them, and the forms that are refused.
// Spec: docs/reference (domain.aliases).
#include "delivery/aliases.hpp"

#include <gtest/gtest.h>

namespace pb::delivery {
namespace {
TEST(Aliases, names_targets_comments_and_lines_that_go_on) {
  auto const table = AliasTable::parse(
      "# who reads what\nPostmaster: root\nroot: alice, bob@us.example\n"
      "team: alice,\n  carol@else.example  # outside\n\n");
  ASSERT_TRUE(table);
  using Rules = std::map<std::string, std::vector<std::string>>;
  EXPECT_EQ(table->rules(), (Rules{{"postmaster", {"root"}},
                                   {"root", {"alice", "bob@us.example"}},
                                   {"team", {"alice", "carol@else.example"}}}));
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
}  // namespace
}  // namespace pb::delivery
