// dialogues_test.cpp: plays every dialogue of this folder: whole, cut once at every byte, and byte
// by byte; the transcript is the file's and always the same.          Spec: README.md; RFC 5321.
// Not here: the dialogues (*.smtp).
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "dialogue.hpp"

namespace pb::dialogues {
namespace {
std::vector<std::filesystem::path> files() {
  std::vector<std::filesystem::path> found;
  auto const folder = std::filesystem::path{PB_SOURCE_DIR} / "tests/dialogues";
  char const* const only = std::getenv("PB_DIALOGUE");
  for (auto const& entry : std::filesystem::directory_iterator{folder}) {
    if (entry.path().extension() != ".smtp") continue;
    if (only == nullptr || entry.path().stem() == only) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

TEST(Dialogues, read_as_written) {
  for (auto const& file : files()) {
    Dialogue const dialogue = read_dialogue(file);
    EXPECT_EQ(compare(dialogue, play(dialogue, {})), "") << file;
  }
}

TEST(Dialogues, read_the_same_cut_at_every_byte) {
  // Beyond this many octets a dialogue is cut byte by byte only, and at every 97th place.
  constexpr std::size_t octets_for_each_cut = 6000;
  for (auto const& file : files()) {
    Dialogue const dialogue = read_dialogue(file);
    Transcript const whole = play(dialogue, {});
    EXPECT_EQ(play(dialogue, {.each = true}), whole) << file << " byte by byte";
    std::size_t const octets = client_octets(dialogue);
    std::size_t const stride = octets > octets_for_each_cut ? 97 : 1;
    for (std::size_t at = 1; at < octets; at += stride) {
      ASSERT_EQ(play(dialogue, {.at = at}), whole) << file << " cut at " << at;
    }
  }
}

TEST(Dialogues, are_many_and_many_come_from_elsewhere) {
  std::size_t from_elsewhere = 0;
  std::set<std::string> titles;
  auto const all = files();
  for (auto const& file : all) {
    Dialogue const dialogue = read_dialogue(file);
    if (!dialogue.source.empty()) ++from_elsewhere;
    titles.insert(dialogue.title);
  }
  fmt::print("{} dialogues, {} of them from RFC texts and suites\n", all.size(), from_elsewhere);
  if (std::getenv("PB_DIALOGUE") != nullptr) return;
  EXPECT_EQ(titles.size(), all.size()) << "each dialogue says what it alone shows";
  EXPECT_GE(all.size(), 150U);
  EXPECT_GE(from_elsewhere, 60U);
}
}  // namespace
}  // namespace pb::dialogues
