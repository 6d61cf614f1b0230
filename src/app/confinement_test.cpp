// confinement_test.cpp: what a confined process can and cannot do, from every thread.
// Spec: ARCHITECTURE.md decision 8.
#include "app/confinement.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "runtime/temporary_directory.hpp"

namespace pb::app {
namespace {
namespace fs = std::filesystem;

/// In a process of its own, since it cannot be undone: true when `check` says so in the first
/// thread and in each of four that are started behind it.
bool holds_in_every_thread(AllowedPaths const& paths, std::function<bool()> const& check) {
  pid_t const child = ::fork();
  if (child == 0) {
    auto const confined = confine(paths);
    if (!confined || !confined->files_missing.empty()) ::_exit(3);
    bool good = check();
    for (int i = 0; i < 4; ++i) {
      bool there = false;
      std::thread{[&] { there = check(); }}.join();
      good = good && there;
    }
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_NE(WEXITSTATUS(status), 3) << "confine() failed";
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool fails_with(int expected, long result) { return result < 0 && errno == expected; }

class ConfinementTest : public ::testing::Test {
 protected:
  ConfinementTest() {
    fs::create_directory(inside_);
    fs::create_directory(outside_);
    std::ofstream{outside_ / "secret"} << "key";
    config_.data_dir = inside_.string();
    paths_ = allowed_paths(config_);
  }
  runtime::TemporaryDirectory directory_;
  fs::path inside_ = fs::path{directory_.path()} / "data";
  fs::path outside_ = fs::path{directory_.path()} / "elsewhere";
  Config config_;
  AllowedPaths paths_;
};

TEST_F(ConfinementTest, files_outside_are_neither_read_nor_made_nor_removed) {
  std::string const secret = (outside_ / "secret").string();
  std::string const fresh = (outside_ / "new").string();
  EXPECT_TRUE(holds_in_every_thread(paths_, [&] {
    return fails_with(EACCES, ::open(secret.c_str(), O_RDONLY)) &&
           fails_with(EACCES, ::open(fresh.c_str(), O_WRONLY | O_CREAT, 0600)) &&
           fails_with(EACCES, ::unlink(secret.c_str())) &&
           fails_with(EACCES, ::open("/etc/shadow", O_RDONLY)) &&
           fails_with(EACCES, ::open("/root", O_RDONLY | O_DIRECTORY));
  }));
  EXPECT_TRUE(fs::exists(secret));
}

TEST_F(ConfinementTest, files_inside_are_made_renamed_between_folders_and_removed) {
  std::string const first = (inside_ / "tmp/1").string();
  std::string const second = (inside_ / "new/1").string();
  EXPECT_TRUE(holds_in_every_thread(paths_, [&] {
    fs::create_directory(inside_ / "tmp");
    fs::create_directory(inside_ / "new");
    int const file = ::open(first.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    return file >= 0 && ::write(file, "x", 1) == 1 && ::close(file) == 0 &&
           ::rename(first.c_str(), second.c_str()) == 0 && ::unlink(second.c_str()) == 0;
  }));
}

TEST_F(ConfinementTest, what_the_system_offers_is_read) {
  EXPECT_TRUE(holds_in_every_thread(paths_, [] {
    for (char const* const path : {"/etc/resolv.conf", "/etc/hosts", "/proc/self/status"}) {
      if (!fs::exists(path)) continue;
      if (!std::ifstream{path}.is_open()) return false;
    }
    return true;
  }));
}

TEST_F(ConfinementTest, nothing_is_run_traced_mounted_or_split_off) {
  EXPECT_TRUE(holds_in_every_thread(paths_, [] {
    char const* const none[] = {nullptr};
    auto* const no_arguments = const_cast<char* const*>(none);
    bool const is_alone =
        under_sanitizer || (fails_with(EPERM, ::execve("/bin/true", no_arguments, no_arguments)) &&
                            fails_with(EPERM, ::ptrace(PTRACE_ATTACH, ::getppid(), 0, 0)) &&
                            fails_with(EPERM, ::fork()));
    return is_alone && fails_with(EPERM, ::chroot("/")) &&
           fails_with(EPERM, ::setuid(::getuid())) && fails_with(EPERM, ::unshare(CLONE_NEWNS));
  }));
}

TEST_F(ConfinementTest, memory_that_is_written_is_never_run) {
  EXPECT_TRUE(holds_in_every_thread(paths_, [] {
    void* const both = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return both == MAP_FAILED && errno == EPERM;
  }));
}

TEST_F(ConfinementTest, a_thread_that_exists_already_is_an_error) {
  if (under_sanitizer) GTEST_SKIP() << "sanitizers have threads of their own";
  pid_t const child = ::fork();
  if (child == 0) {
    std::thread other{[] { ::pause(); }};
    ::_exit(confine(paths_) ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(ConfinementTest, maildirs_and_the_admin_socket_are_writable_where_the_configuration_says) {
  std::string const top = fs::canonical(directory_.path()).string();
  config_.admin_socket = top + "/run/admin.sock";
  config_.domains.resize(3);
  config_.domains[0].deliver = "maildir:" + top + "/mail/{domain}/{account}";
  config_.domains[1].deliver = "lmtp:unix:/run/dovecot/lmtp";
  config_.domains[2].deliver = "maildir:" + top + "/vmail-{account}/Maildir";
  AllowedPaths const paths = allowed_paths(config_);
  std::vector<std::string> const expected{"/dev/null", top + "/data", top + "/run", top + "/mail",
                                          top};
  EXPECT_EQ(paths.writable, expected);
}

TEST_F(ConfinementTest, a_reload_names_the_paths_that_only_a_restart_can_allow) {
  Config next = config_;
  next.domains.resize(2);
  next.domains[0].deliver = "maildir:" + (inside_ / "mail/{account}").string();
  next.domains[1].deliver = "maildir:" + (outside_ / "mail/{account}").string();
  std::vector<std::string> const expected{
      (fs::canonical(directory_.path()) / "elsewhere/mail").string()};
  EXPECT_EQ(not_allowed(paths_, allowed_paths(next)), expected);
}
}  // namespace
}  // namespace pb::app
