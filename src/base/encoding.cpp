// encoding.cpp: see encoding.hpp.                                       Spec: RFC 4648 §4, §8.
#include "base/encoding.hpp"

#include <array>
#include <cstdint>

#include "base/ascii.hpp"
#include "base/utf8.hpp"

namespace pb {
namespace {
constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view hex_digits = "0123456789abcdef";

constexpr std::array<std::int8_t, 256> make_decode_table() {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}
constexpr auto decode_table = make_decode_table();

int hex_value(char c) {
  if (ascii::is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Bidirectional controls can make a line read as another one (Unicode TR #36 §3).
bool is_unsafe(char32_t c) {
  return c < 0x20 || c == 0x7F || (c >= 0x80 && c < 0xA0) || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

void append_escaped(std::string& out, char byte) {
  auto const value = static_cast<unsigned char>(byte);
  out += "\\x";
  out += hex_digits[value >> 4];
  out += hex_digits[value & 15];
}
}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int held = 0;
  for (char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    if (++held == 3) {
      for (int shift = 18; shift >= 0; shift -= 6) out += alphabet[(bits >> shift) & 63];
      bits = 0;
      held = 0;
    }
  }
  if (held == 1) {
    out += alphabet[(bits >> 2) & 63];
    out += alphabet[(bits << 4) & 63];
    out += "==";
  } else if (held == 2) {
    out += alphabet[(bits >> 10) & 63];
    out += alphabet[(bits >> 4) & 63];
    out += alphabet[(bits << 2) & 63];
    out += '=';
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  std::string out(text.size() * 3 / 4, '\0');
  char* to = out.data();
  std::uint32_t bits = 0;
  int held = 0;
  for (char c : text) {
    int const value = decode_table[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    bits = ((bits << 6) | static_cast<std::uint32_t>(value)) & 0xFFFFFF;
    held += 6;
    if (held >= 8) {
      held -= 8;
      *to++ = static_cast<char>((bits >> held) & 0xFF);
    }
  }
  bool const bits_left_over = (bits & ((1U << held) - 1)) != 0;  // RFC 4648 §3.5
  if (bits_left_over || (text.size() + padding) % 4 != 0) return std::nullopt;
  return out;
}

std::string hex_encode(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    auto const value = static_cast<unsigned char>(c);
    out += hex_digits[value >> 4];
    out += hex_digits[value & 15];
  }
  return out;
}

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int const high = hex_value(text[i]);
    int const low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::string escape_for_display(std::string_view text, std::size_t octets_max) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= octets_max) return out + "...";
    std::string_view rest = text;
    auto const code_point = utf8::take(rest);
    if (!code_point) {
      append_escaped(out, text.front());
      text.remove_prefix(1);
      continue;
    }
    std::string_view const taken = text.substr(0, text.size() - rest.size());
    if (is_unsafe(*code_point)) {
      for (char byte : taken) append_escaped(out, byte);
    } else {
      out += taken;
    }
    text = rest;
  }
  return out;
}
}  // namespace pb
