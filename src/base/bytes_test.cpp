// bytes_test.cpp: binary records read back, and hostile ones end in ok() == false.
// Spec: base/bytes.hpp.
#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace pb {
namespace {
TEST(Bytes, read_back_what_was_written) {
  ByteWriter writer;
  writer.u8(7);
  writer.varint(0);
  writer.varint(std::numeric_limits<std::uint64_t>::max());
  writer.signed_varint(-1);
  writer.signed_varint(std::numeric_limits<std::int64_t>::min());
  writer.string("hello");
  writer.be16(0x0102);
  writer.be64(0x0102030405060708);
  ByteReader reader{writer.bytes()};
  EXPECT_EQ(reader.u8(), 7);
  EXPECT_EQ(reader.varint(), 0U);
  EXPECT_EQ(reader.varint(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(reader.signed_varint(), -1);
  EXPECT_EQ(reader.signed_varint(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(reader.string(), "hello");
  EXPECT_EQ(reader.be16(), 0x0102);
  EXPECT_EQ(reader.be64(), 0x0102030405060708U);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.at_end());
}

TEST(Bytes, every_cut_of_a_record_is_noticed) {
  ByteWriter writer;
  writer.varint(300);
  writer.string("abc");
  writer.be32(9);
  std::string const whole = writer.take();
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    ByteReader reader{std::string_view{whole}.substr(0, cut)};
    static_cast<void>(reader.varint());
    static_cast<void>(reader.string());
    static_cast<void>(reader.be32());
    EXPECT_FALSE(reader.ok()) << cut;
  }
}

TEST(Bytes, counts_longer_than_the_record_are_malformed) {
  ByteWriter writer;
  writer.varint(1ULL << 40);
  ByteReader counted{writer.bytes()};
  EXPECT_EQ(counted.count(), 0U);
  EXPECT_FALSE(counted.ok());
  ByteReader endless{std::string_view{"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 11}};
  EXPECT_EQ(endless.varint(), 0U);
  EXPECT_FALSE(endless.ok());
}
}  // namespace
}  // namespace pb
