// gzip.cpp: see gzip.hpp.                                            Spec: RFC 1952.
// Tests: dmarc_reporter_test.cpp
#include "runtime/gzip.hpp"

#include <zlib.h>

namespace pb::runtime {
std::string gzip(std::string_view bytes) {
  constexpr int gzip_window = 15 + 16;  // zlib's way to ask for RFC 1952 instead of RFC 1950
  constexpr int memory_level = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return {};
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  // zlib takes a pointer to what it only reads.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  bool const done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(done ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}
}  // namespace pb::runtime
