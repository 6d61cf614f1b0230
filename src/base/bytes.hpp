// bytes.hpp: small writer and reader of binary records: varints, fixed numbers, counted strings.
// Spec: LEB128 varints; big-endian keys, so that byte order is number order.    Tests:
// bytes_test.cpp Not here: what a record means (queue/message_record, journal/entry).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pb {
class ByteWriter {
 public:
  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      u8(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    u8(static_cast<std::uint8_t>(value));
  }
  /// Small negative numbers stay small (zigzag).
  void signed_varint(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void be16(std::uint16_t value) { fixed(value, 2); }
  void be32(std::uint32_t value) { fixed(value, 4); }
  void be64(std::uint64_t value) { fixed(value, 8); }
  void string(std::string_view value) {
    varint(value.size());
    out_.append(value);
  }
  void raw(std::string_view value) { out_.append(value); }
  [[nodiscard]] std::string const& bytes() const { return out_; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void fixed(std::uint64_t value, int octets) {
    for (int shift = (octets - 1) * 8; shift >= 0; shift -= 8) {
      u8(static_cast<std::uint8_t>(value >> shift));
    }
  }
  std::string out_;
};

/// Reads what ByteWriter wrote. After the first short or malformed read ok() is false for ever and
/// every read gives zero or "": check ok() once, at the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_{bytes} {}
  std::uint8_t u8() {
    if (rest_.empty()) return fail();
    auto const value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      std::uint8_t const byte = u8();
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return ok_ ? value : 0;
    }
    return fail();
  }
  std::int64_t signed_varint() {
    std::uint64_t const value = varint();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  std::uint16_t be16() { return static_cast<std::uint16_t>(fixed(2)); }
  std::uint32_t be32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t be64() { return fixed(8); }
  std::string_view string() {
    std::uint64_t const octets = varint();
    if (octets > rest_.size()) {
      fail();
      return {};
    }
    std::string_view const value = rest_.substr(0, octets);
    rest_.remove_prefix(octets);
    return value;
  }
  /// A count of things that take at least one octet each: a longer one is malformed.
  std::uint64_t count() {
    std::uint64_t const value = varint();
    return value <= rest_.size() ? value : fail();
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::uint8_t fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::uint64_t fixed(int octets) {
    std::uint64_t value = 0;
    for (int i = 0; i < octets; ++i) value = (value << 8) | u8();
    return ok_ ? value : 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};
}  // namespace pb
