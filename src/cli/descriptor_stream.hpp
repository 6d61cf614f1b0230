// descriptor_stream.hpp: a std::ostream onto a file descriptor, for standard output and error.
// Spec: write(2).                       Not here: colours, languages (terminal.hpp).
#pragma once

#include <array>
#include <ostream>
#include <streambuf>

namespace pb::cli {
class DescriptorBuffer final : public std::streambuf {
 public:
  explicit DescriptorBuffer(int descriptor);
  ~DescriptorBuffer() override;

 protected:
  int_type overflow(int_type c) override;
  int sync() override;

 private:
  int descriptor_;
  std::array<char, 8192> buffer_;
};

class DescriptorStream final : public std::ostream {
 public:
  explicit DescriptorStream(int descriptor) : std::ostream{nullptr}, buffer_{descriptor} {
    rdbuf(&buffer_);
  }

 private:
  DescriptorBuffer buffer_;
};
}  // namespace pb::cli
