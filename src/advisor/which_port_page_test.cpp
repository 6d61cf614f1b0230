// which_port_page_test.cpp: the page in docs/ is the one that the tables make, and needs nothing.
// Spec: which_port_page.hpp.
#include "advisor/which_port_page.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace pb::advisor {
namespace {
TEST(WhichPortPage, the_page_in_docs_is_up_to_date) {
  std::ifstream file{PB_SOURCE_DIR "/docs/which-port/index.html"};
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str() == which_port_page())  // a hundred kilobytes say nothing in a log
      << "run: packetboat ports --page > docs/which-port/index.html";
}
TEST(WhichPortPage, loads_nothing_from_a_network) {
  auto const page = which_port_page();
  for (auto bad : {"src=", "href=", "@import", "fetch(", "XMLHttpRequest", "innerHTML"}) {
    EXPECT_FALSE(page.contains(bad)) << bad;
  }
}
}  // namespace
}  // namespace pb::advisor
