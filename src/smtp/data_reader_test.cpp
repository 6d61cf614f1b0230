// data_reader_test.cpp: only CRLF.CRLF ends DATA; runs are long and the same however they arrive.
// Spec: RFC 5321 §4.1.1.4, §4.5.2, §2.3.8.
#include "smtp/data_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pb::smtp {
namespace {
struct Read {
  std::string text;
  bool ended = false;
  TextFault fault = TextFault::none;
  std::string rest;  // behind the end
  std::size_t runs = 0;
  friend bool operator==(Read const& a, Read const& b) {
    return a.text == b.text && a.ended == b.ended && a.fault == b.fault && a.rest == b.rest;
  }
};

/// Reads `wire`, given in two pieces cut at `cut`.
Read read(std::string_view wire, std::size_t cut, LineRule rule = LineRule::strict,
          Extent extent = Extent::longest) {
  DataReader reader{rule};
  Read out;
  std::string held;
  for (std::string_view const piece : {wire.substr(0, cut), wire.substr(cut)}) {
    held += piece;
    std::string const given = held;
    std::string_view input{given};
    while (!out.ended) {
      TextEvent const event = reader.next(input, extent);
      if (event.kind == TextEvent::Kind::need_more) break;
      out.ended = event.kind == TextEvent::Kind::end;
      out.text += event.bytes;
      if (!event.bytes.empty()) ++out.runs;
    }
    held = std::string{input};
  }
  out.fault = reader.fault();
  if (out.fault != TextFault::none) out.text.clear();
  out.rest = held;
  return out;
}

/// Whole, and the same at every cut and by lines.
Read read_any_way(std::string_view wire, LineRule rule = LineRule::strict) {
  Read const whole = read(wire, wire.size(), rule);
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    EXPECT_EQ(read(wire, cut, rule), whole) << wire << " cut at " << cut;
    EXPECT_EQ(read(wire, cut, rule, Extent::line), whole) << wire << " by lines, at " << cut;
  }
  return whole;
}

TEST(DataReader, ends_at_crlf_dot_crlf_and_leaves_what_follows) {
  Read const got = read_any_way("a\r\nb\r\n.\r\nRSET\r\n");
  EXPECT_TRUE(got.ended);
  EXPECT_EQ(got.text, "a\r\nb\r\n");
  EXPECT_EQ(got.rest, "RSET\r\n");
}

TEST(DataReader, removes_one_leading_dot) {
  EXPECT_EQ(read_any_way("..\r\n.a\r\na.\r\n...\r\n.\r\n").text, ".\r\na\r\na.\r\n..\r\n");
}

TEST(DataReader, gives_all_lines_without_dots_as_one_run) {
  std::string_view const wire = "a\r\nb\r\n\r\nc\r\n.\r\n";
  EXPECT_EQ(read(wire, wire.size()).runs, 1U);
  EXPECT_EQ(read(wire, wire.size(), LineRule::strict, Extent::line).runs, 4U);
}

TEST(DataReader, finds_the_true_end_behind_a_fault) {
  for (std::string_view const wire :
       {"a\nb\r\n.\r\nX", "a\rb\r\n.\r\nX", "\n.\n.\r\n.\r\n.\r\nX", "\r.\r\r\n.\r\nX",
        ".\rx\r\n.\r\nX", ".\nx\r\n.\r\nX", "\r\r\n.\r\nX"}) {
    Read const got = read_any_way(wire);
    EXPECT_TRUE(got.ended) << wire;
    EXPECT_NE(got.fault, TextFault::none) << wire;
    EXPECT_TRUE(got.rest.ends_with("X") && !got.rest.starts_with(".\r\n.")) << wire;
  }
}

TEST(DataReader, normalises_lf_where_it_is_told_to_but_never_ends_there) {
  Read const got = read_any_way("a\n.\n..b\n\n.\r\nc\r\n.\r\nX", LineRule::normalise);
  EXPECT_EQ(got.text, "a\r\n.\r\n.b\r\n\r\n.\r\nc\r\n");
  EXPECT_EQ(got.rest, "X");
  EXPECT_EQ(read_any_way("a\rb\n\r\n.\r\n", LineRule::normalise).fault, TextFault::bare_cr);
}

TEST(DataReader, a_line_has_a_limit) {
  std::string wire(std::size_t{1} << 20, 'x');
  wire += "xxx\r\n.\r\n";
  Read const got = read(wire, 1000);
  EXPECT_TRUE(got.ended);
  EXPECT_EQ(got.fault, TextFault::line_too_long);
}

TEST(DataReader, takes_linear_time_for_what_is_made_to_cost) {
  std::string const crs(std::size_t{1} << 22, '\r');
  EXPECT_FALSE(read(crs, crs.size()).ended);
  std::string dots;
  for (int i = 0; i < 500'000; ++i) dots += ".\r\r\n";
  EXPECT_FALSE(read(dots, dots.size()).ended);
}
}  // namespace
}  // namespace pb::smtp
