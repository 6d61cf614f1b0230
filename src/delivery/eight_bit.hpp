// eight_bit.hpp: what happens to 8-bit content when no host of a site has 8BITMIME.
// Spec: RFC 6152 §3; docs/reference (delivery.eight_bit).            Not here: conversion (mail/).
#pragma once

#include <cstdint>

namespace pb::delivery {
enum class EightBit : std::uint8_t {
  automatic,  // signed messages go as they are, others are converted
  send,       // as it is: nearly every server takes it
  convert,    // always converted; signatures break
  bounce      // 5.6.3
};
}  // namespace pb::delivery
