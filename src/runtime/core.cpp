// core.cpp: runs a loop on its own thread.
// Spec: ARCHITECTURE.md decision 3.                                  Not here: what runs on it.
#include "runtime/core.hpp"

namespace pb::runtime {
namespace {
constexpr std::size_t read_buffer_octets = 64 * 1024;
}  // namespace

Core::Core() : read_buffer_(read_buffer_octets) {}

Core::~Core() { stop(); }

void Core::start() {
  thread_ = std::jthread{[this] { context_.run(); }};
}

void Core::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}
}  // namespace pb::runtime
