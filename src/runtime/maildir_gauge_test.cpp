// maildir_gauge_test.cpp: what a Maildir holds, and for how long a sum is believed.
// Spec: maildir_gauge.hpp.
#include "runtime/maildir_gauge.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <fstream>

#include "runtime/temporary_directory.hpp"

namespace pb::runtime {
namespace {
struct HandClock final : Clock {
  Instant time{std::chrono::days{20'000}};
  [[nodiscard]] Instant now() const override { return time; }
};

void write(std::string const& path, std::size_t octets) {
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
  std::ofstream{path} << std::string(octets, 'x');
}

std::uint64_t used(MaildirGauge& gauge) {
  asio::io_context loop;
  auto answer = asio::co_spawn(loop, gauge.used_octets("alice@one.test", std::chrono::seconds{5}),
                               asio::use_future);
  loop.run();
  return answer.get().value_or(~0ULL);
}

TEST(MaildirGauge, adds_up_what_is_delivered_and_believes_it_for_a_minute) {
  TemporaryDirectory directory;
  std::string const one = directory.path() + "/one";
  write(one + "/new/a", 100);
  write(one + "/cur/b:2,S", 20);
  write(one + "/tmp/c", 5000);
  StoragePool pool{1};
  HandClock clock;
  MaildirGauge gauge{pool, clock, [&](std::string const&) {
                       return std::vector{one, directory.path() + "/not there"};
                     }};
  EXPECT_EQ(used(gauge), 120U);
  write(one + "/new/d", 1000);
  clock.time += std::chrono::seconds{59};
  EXPECT_EQ(used(gauge), 120U);
  clock.time += std::chrono::seconds{1};
  EXPECT_EQ(used(gauge), 1120U);
}
}  // namespace
}  // namespace pb::runtime
