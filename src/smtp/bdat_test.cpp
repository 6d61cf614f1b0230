// bdat_test.cpp: chunks: counted to the octet, LF mended, CR refused, CRLF over a chunk's end.
// Spec: RFC 3030 §2, RFC 5321 §2.3.8.
#include "smtp/bdat.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pb::smtp {
namespace {
struct Read {
  std::string text;
  TextFault fault = TextFault::none;
  bool mended = false;
  std::string rest;
  friend bool operator==(Read const&, Read const&) = default;
};

/// Each string is one chunk, the last one LAST; "REST" follows. `step`: octets handed over at once.
Read read(std::vector<std::string> const& chunks, std::size_t step, Extent extent) {
  ChunkReader reader;
  Read out;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    reader.begin(chunks[i].size(), i + 1 == chunks.size());
    std::string const wire = chunks[i] + "REST";
    std::size_t given = 0;
    bool ended = false;
    while (!ended) {
      std::string_view input = std::string_view{wire}.substr(given, step);
      std::size_t const before = input.size();
      TextEvent event{TextEvent::Kind::run, {}};
      while (event.kind == TextEvent::Kind::run) {
        event = reader.next(input, extent);
        out.text += event.bytes;
      }
      ended = event.kind == TextEvent::Kind::end;
      given += before - input.size();
    }
    out.rest = wire.substr(given);
  }
  out.fault = reader.fault();
  if (out.fault != TextFault::none) out.text.clear();
  out.mended = reader.mended();
  return out;
}

Read read_any_way(std::vector<std::string> const& chunks) {
  Read const whole = read(chunks, 1000, Extent::longest);
  for (std::size_t step = 1; step < 12; ++step) {
    EXPECT_EQ(read(chunks, step, Extent::longest), whole) << step;
    EXPECT_EQ(read(chunks, step, Extent::line), whole) << step;
  }
  EXPECT_EQ(whole.rest, "REST");
  return whole;
}

TEST(ChunkReader, takes_its_octets_and_no_more) {
  EXPECT_EQ(read_any_way({"a\r\n.\r\nb\r\n"}).text, "a\r\n.\r\nb\r\n");
  EXPECT_EQ(read_any_way({""}).text, "");
}

TEST(ChunkReader, mends_a_bare_lf) {
  Read const got = read_any_way({"a\nb\r\n\n", "\nc\n"});
  EXPECT_EQ(got.text, "a\r\nb\r\n\r\n\r\nc\r\n");
  EXPECT_TRUE(got.mended);
  EXPECT_FALSE(read_any_way({"a\r\n"}).mended);
}

TEST(ChunkReader, refuses_a_bare_cr_wherever_it_stands) {
  for (std::vector<std::string> const& chunks : std::vector<std::vector<std::string>>{
           {"a\rb"}, {"\r"}, {"a\r", "b"}, {"a\r", ""}, {"\r\r\n"}, {"a\n\r"}, {"a\r", "\r\n"}}) {
    EXPECT_EQ(read_any_way(chunks).fault, TextFault::bare_cr);
  }
}

TEST(ChunkReader, a_line_end_may_be_cut_by_the_end_of_a_chunk) {
  Read const got = read_any_way({"a\r", "\nb", "\r", "\n"});
  EXPECT_EQ(got.text, "a\r\nb\r\n");
  EXPECT_FALSE(got.mended);
}

TEST(ChunkReader, gives_the_last_line_its_end) {
  EXPECT_EQ(read_any_way({"a\r\nb"}).text, "a\r\nb\r\n");
  EXPECT_EQ(read_any_way({"a", ""}).text, "a\r\n");
}
}  // namespace
}  // namespace pb::smtp
