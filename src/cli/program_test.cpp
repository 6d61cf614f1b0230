// program_test.cpp: what a person meets who types packetboat, with and without mistakes.
// Spec: program.hpp, terminal.hpp (exit codes).
#include "cli/program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

#include "base/utf8.hpp"
#include "cli/commands.hpp"
#include "cli/usage_messages.hpp"
#include "text/terms.hpp"

namespace pb::cli {
namespace {
struct Result {
  Exit exit;
  std::string out;
  std::string err;
};

Result run_with(std::vector<std::string> const& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal{out, err, {}};
  Exit const exit = run(arguments, terminal);
  return {exit, out.str(), err.str()};
}

TEST(Program, alone_prints_six_lines_of_what_a_person_may_want) {
  Result const result = run_with({});
  EXPECT_EQ(result.exit, Exit::ok);
  EXPECT_TRUE(result.out.starts_with("I want to"));
  EXPECT_EQ(std::ranges::count(result.out, '\n'), 7);
}

TEST(Program, alone_speaks_the_language_asked_for_in_columns) {
  Result const result = run_with({"--lang", "zh-Hant"});
  EXPECT_TRUE(result.out.starts_with("我想要……\n")) << result.out;
  std::istringstream lines{result.out};
  std::string line;
  std::getline(lines, line);
  std::size_t column = 0;
  while (std::getline(lines, line)) {
    std::size_t const at = utf8::columns(line.substr(0, line.find("packetboat ")));
    EXPECT_TRUE(column == 0 || at == column) << line;
    column = at;
  }
}

TEST(Program, prints_its_version) {
  EXPECT_TRUE(run_with({"--version"}).out.starts_with("packetboat "));
}

TEST(Program, answers_an_unknown_command_with_the_nearest_one_and_64) {
  Result const result = run_with({"completoin"});
  EXPECT_EQ(result.exit, Exit::usage);
  EXPECT_NE(result.err.find("did you mean \"completion\"?"), std::string::npos) << result.err;
}

TEST(Program, answers_an_unknown_option_with_64_and_the_help_to_ask_for) {
  Result const result = run_with({"completion", "bash", "--colour-blind"});
  EXPECT_EQ(result.exit, Exit::usage);
  EXPECT_NE(result.err.find("packetboat completion --help"), std::string::npos) << result.err;
}

TEST(Program, an_option_that_is_nearly_right_is_named) {
  Result const result = run_with({"probe", "smtp.example.com", "--trancript"});
  EXPECT_EQ(result.exit, Exit::usage);
  EXPECT_TRUE(result.err.contains("did you mean \"--transcript\"?")) << result.err;
}

TEST(Program, a_wrong_command_line_is_told_in_the_language_asked_for) {
  EXPECT_TRUE(run_with({"prob", "--lang", "zh-Hant"}).err.contains("是不是「probe」？"));
  EXPECT_TRUE(
      run_with({"probe", "a", "--porto", "1", "--lang=zh-Hans"}).err.contains("没有“--porto”"));
  EXPECT_TRUE(run_with({"settings", "--for", "curl", "--lang", "zh-Hant"}).err.contains("請指定"));
  EXPECT_TRUE(run_with({"probe", "--timeout", "soon", "--lang", "zh-Hans"}).err.contains("值不对"));
}

TEST(Program, settings_for_a_mistyped_program_names_the_nearest_one) {
  Result const result = run_with({"settings", "smtp.example.com", "--for", "wordprss"});
  EXPECT_EQ(result.exit, Exit::usage);
  EXPECT_TRUE(result.err.contains("did you mean \"wordpress\"?")) << result.err;
}

TEST(Program, words_about_wrong_usage_keep_to_the_terms) {
  std::ifstream file{PB_SOURCE_DIR "/docs/terms.md"};
  std::stringstream all;
  all << file.rdbuf();
  auto const terms = text::parse_terms(all.str());
  for (auto const& message : usage_catalogue) {
    for (auto const& complaint : text::complaints(message.text, terms))
      ADD_FAILURE() << message.id << ": " << complaint;
  }
}

TEST(Program, help_names_every_command_under_its_group) {
  Result const result = run_with({"--help"});
  EXPECT_EQ(result.exit, Exit::ok);
  for (Command const& row : commands()) {
    EXPECT_NE(result.out.find(std::string{row.name}), std::string::npos) << row.name;
    EXPECT_NE(result.out.find(std::string{title_of(row.group)}), std::string::npos) << row.name;
  }
}

TEST(Program, help_as_a_word_is_the_option) {
  EXPECT_EQ(run_with({"help", "completion"}).out, run_with({"completion", "--help"}).out);
  EXPECT_FALSE(run_with({"help", "completion"}).out.empty());
}

TEST(Program, every_command_has_a_short_summary_and_help) {
  for (Command const& row : commands()) {
    EXPECT_LE(utf8::columns(row.summary), 60U) << row.name;
    EXPECT_EQ(run_with({std::string{row.name}, "--help"}).exit, Exit::ok) << row.name;
  }
}

TEST(Program, usage_in_help_is_what_a_person_types) {
  EXPECT_NE(run_with({"init", "--help"}).out.find("Usage: packetboat init"), std::string::npos);
  EXPECT_NE(run_with({"user", "add", "--help"}).out.find("Usage: packetboat user add"),
            std::string::npos);
}

TEST(Program, writes_no_colour_where_there_is_no_terminal) {
  EXPECT_EQ(run_with({"nonsense"}).err.find('\x1b'), std::string::npos);
}

TEST(Program, completion_scripts_know_every_command) {
  for (std::string const shell : {"bash", "zsh", "fish", "man"}) {
    Result const result = run_with({"completion", shell});
    EXPECT_EQ(result.exit, Exit::ok);
    for (Command const& row : commands())
      EXPECT_NE(result.out.find(std::string{row.name}), std::string::npos) << shell << row.name;
  }
}
TEST(Program, the_manual_page_has_no_line_that_troff_would_take_for_a_request) {
  std::string const page = run_with({"completion", "man"}).out;
  EXPECT_TRUE(page.starts_with(".TH PACKETBOAT 1\n.SH NAME\npacketboat "));
  std::istringstream lines{page};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('.')) continue;
    bool const ours = line == ".PP" || line == ".nf" || line == ".fi" || line == ".TP" ||
                      line.starts_with(".B ") || line.starts_with(".SH ") ||
                      line.starts_with(".SS ") || line.starts_with(".TH ");
    EXPECT_TRUE(ours) << line;
  }
}
}  // namespace
}  // namespace pb::cli
