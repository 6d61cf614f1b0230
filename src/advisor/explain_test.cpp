// explain_test.cpp: error texts lead to the right fault as printed, wrapped, truncated, escaped
// and inside a log; texts about other things lead nowhere.
// Spec: tests/vectors/explain.tsv, tests/vectors/explain_unknown.txt.
#include "advisor/explain.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "base/ascii.hpp"

namespace pb::advisor {
namespace {
std::vector<std::string> lines_of(std::string const& path) {
  std::ifstream file{PB_SOURCE_DIR "/" + path};
  std::vector<std::string> out;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.front() != '#') out.push_back(line);
  }
  return out;
}

struct Sample {
  std::string fault, text;
};
std::vector<Sample> samples() {
  std::vector<Sample> out;
  for (auto const& line : lines_of("tests/vectors/explain.tsv")) {
    auto const tab = line.find('\t');
    std::string text;
    for (std::size_t i = tab + 1; i < line.size(); ++i) {
      bool const escape = line[i] == '\\' && i + 1 < line.size() && line[i + 1] == 'n';
      text += escape ? '\n' : line[i];
      if (escape) ++i;
    }
    out.push_back({line.substr(0, tab), text});
  }
  return out;
}

void expect_fault(std::string const& fault, std::string const& text) {
  auto const found = explain(text);
  ASSERT_TRUE(found.has_value()) << fault << "\n  not recognised: " << text;
  EXPECT_EQ(name(found->fault), fault) << text << "\n  by: " << found->symptom->text;
}

std::string wrapped(std::string const& text) {
  std::string out;
  std::size_t used = 0;
  for (char c : text) {
    if (++used > 38 && c == ' ') {
      out += "\n    > ";
      used = 0;
    } else {
      out += c;
    }
  }
  return out;
}

std::string escaped(std::string const& text) {
  std::string out;
  for (char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'')
      out += "&#039;";
    else
      out += c;
  }
  return out;
}

TEST(Explain, names_every_sample_as_printed) {
  auto const all = samples();
  EXPECT_GE(all.size(), 200U);
  for (auto const& [fault, text] : all) expect_fault(fault, text);
}
TEST(Explain, wrapping_does_not_matter) {
  for (auto const& [fault, text] : samples()) expect_fault(fault, wrapped(text));
}
TEST(Explain, html_entities_do_not_matter) {
  for (auto const& [fault, text] : samples()) expect_fault(fault, escaped(text));
}
TEST(Explain, letter_case_does_not_matter) {
  for (auto const& [fault, text] : samples()) expect_fault(fault, ascii::to_upper(text));
}
TEST(Explain, finds_the_decisive_line_of_a_log_and_says_which) {
  std::string const before =
      "2026-11-21 17:20:00 INFO starting worker 3\n2026-11-21 17:20:01 DEBUG mail: sending\n";
  std::string const after = "\n2026-11-21 17:20:02 INFO worker 3 sleeps\n";
  for (auto const& [fault, text] : samples()) {
    expect_fault(fault, before + text + after);
    auto const found = explain(before + text + after);
    if (!found) continue;
    EXPECT_GE(found->line, 3U) << text;
    EXPECT_LE(found->line, 3U + std::ranges::count(text, '\n')) << text;
    EXPECT_TRUE(text.contains(found->quote)) << found->quote;
  }
}
TEST(Explain, a_text_cut_off_at_the_end_is_recognised_while_enough_of_it_is_left) {
  expect_fault("implicit-tls-on-starttls-port", "SSL routines:ssl3_get_record:wrong versi");
  expect_fault("starttls-required", "530 5.7.0 Must issue a STARTTLS comm");
  expect_fault("login-refused", "535-5.7.8 Username and Password not acc");
  expect_fault("php-mail-off", "Could not instantiate mail fun");
  expect_fault("tls-closed", "Client network socket disconnected before secure TLS conn");
  expect_fault("sender-not-owned", "553 5.7.1 Sender address rejected: not owned b");
}

TEST(Explain, every_row_of_the_symptom_table_is_reached_by_a_sample) {
  std::set<std::string> reached;
  for (auto const& [fault, text] : samples()) {
    auto const known = fault_by_name(fault);
    ASSERT_TRUE(known.has_value()) << fault;
    for (auto row : ascii::split(info(*known).rows, ',')) reached.insert(std::string{row});
  }
  for (int row = 1; row <= 53; ++row) {
    EXPECT_TRUE(reached.contains(std::to_string(row))) << "row " << row;
  }
}

TEST(Explain, a_bare_error_of_the_system_is_about_mail_because_mail_is_asked_about) {
  expect_fault("port-blocked-here", "Connection timed out");
  expect_fault("port-blocked-here", " connection timed out.\n");
  expect_fault("connection-refused", "Connection refused");
  expect_fault("name-not-found", "Name or service not known");
  expect_fault("network-unreachable", "Network is unreachable");
  expect_fault("greeting-try-later", "421 4.7.0 Try again later, closing connection.");
  EXPECT_FALSE(explain("rsync: Connection timed out").has_value());
}

TEST(Explain, does_not_know_texts_about_other_things) {
  auto const all = lines_of("tests/vectors/explain_unknown.txt");
  EXPECT_GE(all.size(), 20U);
  for (auto const& text : all) {
    auto const found = explain(text);
    EXPECT_FALSE(found.has_value())
        << text << "\n  taken for: " << name(found->fault) << " by " << found->symptom->text;
  }
  EXPECT_FALSE(explain("").has_value());
}

TEST(Explain, tells_error_text_queue_id_and_domain_apart) {
  EXPECT_EQ(shape_of("example.com"), Shape::domain);
  EXPECT_EQ(shape_of("wrong version number"), Shape::error_text);
  EXPECT_EQ(shape_of("0x800CCC0E"), Shape::error_text);
  EXPECT_EQ(shape_of("ECONNREFUSED"), Shape::error_text);
}

TEST(Explain, a_megabyte_of_hostile_text_is_quick) {
  std::string text;
  while (text.size() < explain_octets_max) text += "535 5.7.8 auth EAUTH smtp.qq.com \xFF&#";
  EXPECT_TRUE(explain(text).has_value());
}
}  // namespace
}  // namespace pb::advisor
