// config_files_test.cpp: files that a configuration names are read at once, or named as missing.
// Spec: config_files.hpp.
#include "app/config_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace pb::app {
namespace {
class ConfigFiles : public ::testing::Test {
 protected:
  ConfigFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pb-config-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ConfigFiles() override { std::filesystem::remove_all(folder_); }

  std::string write(std::string const& name, std::string const& content) {
    std::string const path = folder_ / name;
    std::ofstream{path} << content;
    return path;
  }
  std::string config(std::string const& more) {
    return write("mail.toml",
                 "hostname = \"a.example\"\ndata_dir = \"" + folder_.string() +
                     "\"\n[[listener]]\nrole = \"relay\"\naddress = \"127.0.0.1:25\"\n[tls]\n"
                     "certificate = \"" +
                     write("c.pem", "CHAIN") + "\"\nkey = \"" + write("k.pem", "KEY") + "\"\n" +
                     more);
  }
  std::filesystem::path folder_;
};

TEST_F(ConfigFiles, are_read_with_the_configuration) {
  LoadedConfig const loaded = load_with_files(config(""));
  ASSERT_NE(loaded.config, nullptr);
  EXPECT_EQ(loaded.content(loaded.config->certificates[0].key), "KEY");
}

TEST_F(ConfigFiles, that_are_missing_are_named_with_their_key_all_at_once) {
  LoadedConfig const loaded = load_with_files(
      config("[[domain]]\nname = \"a.example\"\naliases = \"/no/such\"\n[[credential]]\nhost = "
             "\"h\"\nuser = \"u\"\npassword_file = \"/nor/this\"\n"));
  EXPECT_EQ(loaded.config, nullptr);
  ASSERT_EQ(loaded.problems.size(), 2U);
  EXPECT_NE(loaded.problems[0].text.find("domain.aliases: /no/such cannot be read"),
            std::string::npos);
}

TEST_F(ConfigFiles, secrets_that_everyone_can_read_are_warned_about) {
  LoadedConfig const loaded = load_with_files(config(""));
  ::chmod((folder_ / "k.pem").c_str(), 0644);
  std::string text;
  for (Problem const& problem : check_access(*loaded.config)) text += problem.line() + "\n";
  EXPECT_NE(text.find("tls.key: everyone can read"), std::string::npos) << text;
}

TEST_F(ConfigFiles, that_the_service_user_cannot_read_are_named) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: asks the kernel as another user";
  std::string const path = config("");
  std::ofstream{path, std::ios::app};
  Config config = *load_with_files(path).config;
  config.user = "nobody";
  ::chmod(folder_.c_str(), 0700);
  std::string text;
  for (Problem const& problem : check_access(config)) text += problem.line() + "\n";
  EXPECT_NE(text.find("tls.key: the service user nobody cannot read"), std::string::npos) << text;
  EXPECT_NE(text.find("data_dir: the service user nobody cannot write"), std::string::npos) << text;
  config.user = "nobody-of-this-name";
  EXPECT_NE(check_access(config)[0].text.find("useradd"), std::string::npos);
}

TEST_F(ConfigFiles, beyond_the_bound_are_refused) {
  EXPECT_FALSE(read_file(write("big", std::string(2000, 'x')), 1000));
  EXPECT_EQ(read_file(write("small", "x"), 1000), "x");
  EXPECT_FALSE(read_file(folder_, 1000)) << "a directory";
}
}  // namespace
}  // namespace pb::app
