// spare_descriptors_test.cpp: the store finds a descriptor when the process has none left.
// Spec: spare_descriptors.hpp.                 Not here: the whole server (tests/failures).
#include "runtime/spare_descriptors.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "runtime/temporary_directory.hpp"

namespace pb::runtime {
namespace {
constexpr std::size_t spares = 3;

class SpareDescriptors : public ::testing::Test {
 protected:
  void SetUp() override { ::getrlimit(RLIMIT_NOFILE, &before_); }
  void TearDown() override {
    ::setrlimit(RLIMIT_NOFILE, &before_);
    for (int const one : taken_) ::close(one);
  }
  /// Until there is no descriptor any more.
  void take_all() {
    rlimit few = before_;
    few.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int one = ::dup(0); one >= 0; one = ::dup(0)) taken_.push_back(one);
  }
  void give_back(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      ::close(taken_.back());
      taken_.pop_back();
    }
  }
  std::unique_ptr<rocksdb::FSWritableFile> write(FileSystem& files, std::string const& name) const {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    files.NewWritableFile(dir_.path() + '/' + name, {}, &file, nullptr).PermitUncheckedError();
    return file;
  }

  TemporaryDirectory const dir_;
  rlimit before_{};
  std::vector<int> taken_;
};

TEST_F(SpareDescriptors, are_found_when_the_process_has_none_and_no_more_than_were_kept) {
  auto const files = with_spare_descriptors(real_files(), spares);
  take_all();
  std::vector<std::unique_ptr<rocksdb::FSWritableFile>> open_files;
  for (std::size_t i = 0; i < spares; ++i) {
    open_files.push_back(write(*files, std::to_string(i)));
    EXPECT_TRUE(open_files.back()) << "file " << i;
  }
  EXPECT_FALSE(write(*files, "one too many"));
}

TEST_F(SpareDescriptors, are_kept_anew_when_there_are_more) {
  auto const files = with_spare_descriptors(real_files(), 1);
  take_all();
  EXPECT_TRUE(write(*files, "first"));  // closed at once
  EXPECT_TRUE(write(*files, "second")) << "what the first had is free again";
  give_back(2);
  EXPECT_TRUE(write(*files, "third"));
  for (int one = ::dup(0); one >= 0; one = ::dup(0)) taken_.push_back(one);
  EXPECT_TRUE(write(*files, "fourth")) << "one was kept when there were more";
}

TEST_F(SpareDescriptors, do_not_hide_other_errors) {
  auto const files = with_spare_descriptors(real_files(), spares);
  EXPECT_FALSE(write(*files, "no/such/directory"));
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  EXPECT_TRUE(
      files->NewSequentialFile(dir_.path() + "/absent", {}, &file, nullptr).IsPathNotFound());
}
}  // namespace
}  // namespace pb::runtime
