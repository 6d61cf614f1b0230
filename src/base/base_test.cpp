// base_test.cpp: what the base promises.                              Spec: the headers of base/.
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <thread>
#include <vector>

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "base/ip.hpp"
#include "base/utf8.hpp"

namespace pb {
namespace {
class Counter final : public Random {
 public:
  std::uint64_t next() override { return ++value_; }

 private:
  std::uint64_t value_ = 0;
};

TEST(Base64, reads_back_what_it_wrote) {
  for (std::string const text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    EXPECT_EQ(base64_decode(base64_encode(text)), text);
  }
}

TEST(Base64, refuses_what_is_not_canonical) {
  for (auto const* text : {"Zg", "Zg=", "Zh==", "Z===", "Zm 9", "Zg==Zg==", "Zm9v\n", "===="}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
}

TEST(EscapeForDisplay, leaves_no_control_and_no_bidi_mark) {
  EXPECT_EQ(escape_for_display("a\r\n\x1b[31m\x7f"), "a\\x0d\\x0a\\x1b[31m\\x7f");
  EXPECT_EQ(escape_for_display("\xE2\x80\xAE"), "\\xe2\\x80\\xae");
  EXPECT_EQ(escape_for_display("\xFFz"), "\\xffz");
  EXPECT_EQ(escape_for_display("郵件"), "郵件");
  EXPECT_EQ(escape_for_display("abcdef", 3), "abc...");
}

TEST(Utf8, counts_columns_as_a_terminal_does) {
  EXPECT_EQ(utf8::columns("port"), 4U);
  EXPECT_EQ(utf8::columns("連接埠"), 6U);
  EXPECT_EQ(utf8::columns("e\xCC\x81"), 1U);
  EXPECT_EQ(utf8::pad("端口", 6), "端口  ");
}

TEST(Utf8, refuses_overlong_forms_and_surrogates) {
  EXPECT_FALSE(utf8::valid("\xC0\x80"));
  EXPECT_FALSE(utf8::valid("\xED\xA0\x80"));
  EXPECT_FALSE(utf8::valid("\xF4\x90\x80\x80"));
  EXPECT_FALSE(utf8::valid("\xE2\x82"));
  EXPECT_TRUE(utf8::valid("\xF0\x9F\x93\xAE"));
}

TEST(QueueIds, never_repeat_within_a_millisecond_or_when_the_clock_goes_back) {
  Counter random;
  QueueIds ids;
  Instant const now{Duration{1'700'000'000'000}};
  QueueId last = ids.next(now, random);
  for (int i = 0; i < 100'000; ++i) {
    QueueId const id = ids.next(now - Duration{i % 7}, random);
    ASSERT_LT(last, id);
    last = id;
  }
  QueueId const of_another_run{last.value() + 1'000'000};
  ids.pass(of_another_run);
  EXPECT_LT(of_another_run, ids.next(now, random));
}

TEST(QueueIds, are_unique_to_each_of_many_threads) {
  QueueIds ids;
  std::array<std::vector<QueueId>, 4> made;
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&ids, &mine] {
        Counter random;  // each draws the same numbers
        for (int i = 0; i < 10'000; ++i) mine.push_back(ids.next(Instant{Duration{5}}, random));
      });
    }
  }
  std::set<QueueId> all;
  for (auto const& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 40'000U);
}

TEST(QueueId, sorts_by_age_and_reads_back) {
  Counter random;
  auto const early = QueueId::make(Instant{Duration{1'700'000'000'000}}, random);
  auto const late = QueueId::make(Instant{Duration{1'700'000'000'001}}, random);
  EXPECT_LT(early.text(), late.text());
  EXPECT_EQ(QueueId::parse(early.text()), early);
  EXPECT_EQ(early.made_at(), Instant{Duration{1'700'000'000'000}});
  EXPECT_EQ(QueueId::parse("../../../etc/"), std::nullopt);
}

TEST(IpAddress, takes_both_families_and_mapped_ones_as_v4) {
  EXPECT_TRUE(IpAddress::parse("::ffff:192.0.2.1")->is_v4());
  EXPECT_EQ(IpAddress::parse("2001:DB8::1")->text(), "2001:db8::1");
  EXPECT_EQ(IpAddress::parse("192.0.2.256"), std::nullopt);
  EXPECT_EQ(IpAddress::parse("fe80::1%eth0"), std::nullopt);
  EXPECT_EQ(IpAddress::parse(std::string_view{"192.0.2.1\0", 10}), std::nullopt);
}

TEST(Network, contains_its_own_family_only) {
  EXPECT_TRUE(Network::parse("192.0.2.0/24")->contains(*IpAddress::parse("192.0.2.255")));
  EXPECT_FALSE(Network::parse("::/0")->contains(*IpAddress::parse("192.0.2.1")));
  EXPECT_EQ(Network::parse("192.0.2.1/24"), std::nullopt);
  EXPECT_EQ(limit_network(*IpAddress::parse("2001:db8::1")).text(), "2001:db8::/64");
}

TEST(Endpoint, reads_brackets_around_v6_only) {
  EXPECT_EQ(Endpoint::parse("[::1]:25")->text(), "[::1]:25");
  EXPECT_EQ(Endpoint::parse("::1:25"), std::nullopt);
  EXPECT_EQ(Endpoint::parse("127.0.0.1:99999"), std::nullopt);
}
}  // namespace
}  // namespace pb
