// descriptor_stream.cpp: a std::ostream onto a file descriptor, for standard output and error.
// Spec: write(2).                       Not here: colours, languages (terminal.hpp).
#include "cli/descriptor_stream.hpp"

#include <unistd.h>

#include <cerrno>

namespace pb::cli {
DescriptorBuffer::DescriptorBuffer(int descriptor) : descriptor_{descriptor} {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}
DescriptorBuffer::~DescriptorBuffer() { DescriptorBuffer::sync(); }

DescriptorBuffer::int_type DescriptorBuffer::overflow(int_type c) {
  if (sync() != 0) return traits_type::eof();
  if (!traits_type::eq_int_type(c, traits_type::eof())) {
    *pptr() = traits_type::to_char_type(c);
    pbump(1);
  }
  return traits_type::not_eof(c);
}

int DescriptorBuffer::sync() {
  char const* at = pbase();
  while (at < pptr()) {
    ssize_t const written = ::write(descriptor_, at, static_cast<std::size_t>(pptr() - at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;  // the reader is gone: what is left has nobody to read it
    at += written;
  }
  bool const all = at == pptr();
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  return all ? 0 : -1;
}
}  // namespace pb::cli
