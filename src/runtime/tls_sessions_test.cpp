// tls_sessions_test.cpp: sessions are given to the same peer under the same demands, once, in time.
// Spec: tls_sessions.hpp.
#include "runtime/tls_sessions.hpp"

#include <gtest/gtest.h>

namespace pb::runtime {
namespace {
constexpr Instant now{std::chrono::days{20'000}};

/// Resumable by its looks: that is all that is asked here.
SslSession session(int version) {
  SslSession out{SSL_SESSION_new()};
  SSL_SESSION_set_protocol_version(out.get(), version);
  unsigned char const id[4]{1, 2, 3, 4};
  SSL_SESSION_set1_id(out.get(), id, sizeof id);
  return out;
}

TEST(TlsSessions, are_given_to_their_own_key_only_and_once) {
  TlsSessions sessions;
  sessions.put("mx verified", session(TLS1_3_VERSION), now);
  EXPECT_FALSE(sessions.take("mx", now)) << "what was not demanded then is not known now";
  EXPECT_TRUE(sessions.take("mx verified", now));
  EXPECT_FALSE(sessions.take("mx verified", now));
}

TEST(TlsSessions, of_the_older_version_are_used_again) {
  TlsSessions sessions;
  sessions.put("mx", session(TLS1_2_VERSION), now);
  EXPECT_TRUE(sessions.take("mx", now));
  EXPECT_TRUE(sessions.take("mx", now));
}

TEST(TlsSessions, grow_old_and_few_are_kept) {
  TlsSessions sessions;
  sessions.put("mx", session(TLS1_3_VERSION), now);
  EXPECT_FALSE(sessions.take("mx", now + TlsSessions::kept_for));
  for (int i = 0; i < 5; ++i) sessions.put("mx", session(TLS1_3_VERSION), now);
  for (std::size_t i = 0; i < TlsSessions::sessions_per_key_max; ++i)
    EXPECT_TRUE(sessions.take("mx", now));
  EXPECT_FALSE(sessions.take("mx", now));
  for (std::size_t i = 0; i < TlsSessions::keys_max + 5; ++i)
    sessions.put(std::to_string(i), session(TLS1_3_VERSION), now);
  EXPECT_EQ(sessions.keys(), TlsSessions::keys_max);
  EXPECT_FALSE(sessions.take("0", now)) << "the oldest were forgotten";
}
}  // namespace
}  // namespace pb::runtime
