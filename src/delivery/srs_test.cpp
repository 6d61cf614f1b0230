// srs_test.cpp: there and back over one and more forwarders, forged and old addresses.
// Spec: libsrs2.net/srs.
#include "delivery/srs.hpp"

#include <gtest/gtest.h>

#include "base/ascii.hpp"

namespace pb::delivery {
namespace {
using namespace std::chrono_literals;
Instant const now{std::chrono::days{20'000}};
mail::Mailbox box(std::string local, std::string domain) {
  return {std::move(local), {std::move(domain)}};
}

TEST(SrsTest, a_bounce_comes_back_to_the_sender) {
  Srs const ours{"0123456789abcdef", "us.example"};
  auto const out = ours.forward(box("al=ice+x", "one.example"), now);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->domain.text, "us.example");
  EXPECT_TRUE(is_srs(*out));
  auto const back = ours.reverse(*out, now + std::chrono::days{3});
  ASSERT_TRUE(back);
  EXPECT_EQ(back->text(), "al=ice+x@one.example");
  mail::Mailbox lowered = *out;
  lowered.local_part = ascii::to_lower(lowered.local_part);
  EXPECT_TRUE(ours.reverse(lowered, now)) << "case does not survive every system";
}

TEST(SrsTest, a_chain_of_forwarders_goes_back_to_the_first) {
  Srs const first{"0123456789abcdef", "f1.example"}, second{"abcdef0123456789", "f2.example"},
      third{"fedcba9876543210", "f3.example"};
  auto const a = first.forward(box("a", "one.example"), now);
  auto const b = second.forward(*a, now);
  ASSERT_TRUE(b);
  EXPECT_TRUE(b->local_part.starts_with("SRS1="));
  auto const c = third.forward(*b, now);
  ASSERT_TRUE(c);
  auto const back = third.reverse(*c, now);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->text(), a->text()) << "straight to the first forwarder";
  EXPECT_EQ(first.reverse(*back, now)->text(), "a@one.example");
}

TEST(SrsTest, nobody_else_can_make_one) {
  Srs const ours{"0123456789abcdef", "us.example"};
  auto out = *ours.forward(box("a", "one.example"), now);
  for (std::size_t i = 5; i < out.local_part.size(); ++i) {
    mail::Mailbox forged = out;
    forged.local_part[i] = forged.local_part[i] == 'Z' ? 'Y' : 'Z';
    EXPECT_FALSE(ours.reverse(forged, now)) << i;
  }
  EXPECT_EQ(ours.reverse(box("SRS0", "us.example"), now).error(), SrsError::not_srs);
  EXPECT_EQ(ours.reverse(box("SRS0=x", "us.example"), now).error(), SrsError::malformed);
}

TEST(SrsTest, an_old_one_is_refused_and_a_long_one_not_made) {
  Srs const ours{"0123456789abcdef", "us.example"};
  auto const out = *ours.forward(box("a", "one.example"), now);
  EXPECT_TRUE(ours.reverse(out, now + std::chrono::days{21}));
  EXPECT_EQ(ours.reverse(out, now + std::chrono::days{22}).error(), SrsError::too_old);
  EXPECT_EQ(ours.forward(box(std::string(60, 'x'), "one.example"), now).error(),
            SrsError::too_long);
}
}  // namespace
}  // namespace pb::delivery
