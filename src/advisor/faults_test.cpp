// faults_test.cpp: the fault list is closed, well named, and speaks three languages.
// Spec: docs/terms.md; faults.hpp.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "advisor/faults.hpp"
#include "base/ascii.hpp"
#include "text/terms.hpp"

namespace pb::advisor {
namespace {
std::vector<text::Term> terms_of_the_docs() {
  std::ifstream file{PB_SOURCE_DIR "/docs/terms.md"};
  std::stringstream text;
  text << file.rdbuf();
  return text::parse_terms(text.str());
}

TEST(Faults, names_are_kebab_case_and_used_once) {
  std::set<std::string_view> seen;
  for (auto const& fault : faults()) {
    EXPECT_TRUE(seen.insert(fault.name).second) << fault.name;
    for (char c : fault.name) {
      EXPECT_TRUE((c >= 'a' && c <= 'z') || ascii::is_digit(c) || c == '-') << fault.name;
    }
    EXPECT_EQ(fault_by_name(fault.name), fault.fault);
  }
  EXPECT_EQ(fault_by_name("no-such-fault"), std::nullopt);
}

TEST(Faults, every_row_of_the_symptom_table_has_a_fault) {
  std::set<int> rows;
  for (auto const& fault : faults()) {
    for (auto row : ascii::split(fault.rows, ',')) {
      if (row != "-") rows.insert(std::stoi(std::string{row}));
    }
  }
  for (int row = 1; row <= 53; ++row) EXPECT_TRUE(rows.contains(row)) << row;
}

TEST(Faults, keep_to_the_terms_in_three_languages) {
  auto const terms = terms_of_the_docs();
  ASSERT_FALSE(terms.empty());
  for (auto const& fault : faults()) {
    for (auto const& text : {fault.title, fault.advice}) {
      for (auto const& complaint : text::complaints(text, terms)) {
        ADD_FAILURE() << fault.name << ": " << complaint;
      }
    }
  }
}

TEST(Faults, never_advise_to_switch_verification_off_and_never_call_465_deprecated) {
  for (auto const& fault : faults()) {
    std::string const all = ascii::to_lower(fault.advice.in(text::Language::en));
    for (auto bad : {"verify_peer", "rejectunauthorized", "insecure", "deprecated", "obsolete",
                     "port 25 to send", "seclevel"}) {
      EXPECT_FALSE(all.contains(bad)) << fault.name;
    }
  }
}
}  // namespace
}  // namespace pb::advisor
