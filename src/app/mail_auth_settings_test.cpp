// mail_auth_settings_test.cpp: keys are found where keygen puts them, and actions by domain.
// Spec: docs/reference/configuration.md.
#include "app/mail_auth_settings.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace pb::app {
namespace {
using policy::DmarcAction;

class MailAuthSettingsTest : public ::testing::Test {
 protected:
  MailAuthSettingsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pb-dkim-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~MailAuthSettingsTest() override { std::filesystem::remove_all(folder_); }

  std::string key(std::string const& domain, std::string const& selector,
                  std::string const& content) {
    std::filesystem::create_directories(folder_ / "dkim" / domain);
    std::string const path = folder_ / "dkim" / domain / (selector + ".pem");
    std::ofstream{path} << content;
    return path;
  }
  LoadedConfig load(std::string const& more, std::string const& in_listener = "") {
    std::string const file = folder_ / "mail.toml";
    std::ofstream{file} << "hostname = \"mx.a.example\"\ndata_dir = \"" << folder_.string()
                        << "\"\n[[listener]]\nrole = \"relay\"\naddress = \"127.0.0.1:25\"\n"
                        << in_listener << more;
    return load_with_files(file);
  }
  std::filesystem::path folder_;
  std::string const pem_ = dkim::PrivateKey::generate(dkim::KeyType::ed25519, 0)->pem();
};

TEST_F(MailAuthSettingsTest, keys_below_the_data_directory_sign_for_their_folders_domain) {
  key("A.example", "one", pem_);
  key("a.example", "two", pem_);
  std::ofstream{folder_ / "dkim" / "a.example" / "notes.txt"} << "not a key";
  LoadedConfig const loaded = load("");
  ASSERT_NE(loaded.config, nullptr) << loaded.problems.front().text;
  auto const header = *mail::HeaderSection::parse("From: x@a.example\r\n");
  EXPECT_EQ(dkim_signer(loaded)->keys_for(header).size(), 2U);
}

TEST_F(MailAuthSettingsTest, a_domain_may_name_the_selectors_that_sign) {
  key("a.example", "one", pem_);
  key("a.example", "two", "even one that is broken");
  LoadedConfig const loaded =
      load("[[domain]]\nname = \"a.example\"\ndkim_selectors = [\"one\"]\n");
  ASSERT_NE(loaded.config, nullptr);
  auto const keys = dkim_keys_of(loaded).keys;
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].selector, "one");
}

TEST_F(MailAuthSettingsTest, a_file_without_a_key_is_named) {
  std::string const path = key("a.example", "bad", "-----BEGIN NONSENSE-----\n");
  LoadedConfig const loaded = load("[[domain]]\nname = \"a.example\"\n");
  EXPECT_EQ(loaded.config, nullptr);
  ASSERT_EQ(loaded.problems.size(), 1U + 1U);  // and that relay has no certificate
  EXPECT_NE(loaded.problems.back().text.find(path), std::string::npos);
}

TEST_F(MailAuthSettingsTest, the_key_that_seals_is_one_of_those_that_sign) {
  key("a.example", "one", pem_);
  LoadedConfig const good = load("[arc]\nkey = \"A.example/one\"\n");
  ASSERT_NE(good.config, nullptr);
  ASSERT_TRUE(arc_key(good));
  EXPECT_EQ(arc_key(good)->selector, "one");
  for (char const* const name : {"a.example/two", "one", "/one"})
    EXPECT_EQ(load("[arc]\nkey = \"" + std::string{name} + "\"\n").config, nullptr) << name;
  EXPECT_FALSE(arc_key(load("")));
}

TEST_F(MailAuthSettingsTest, a_folder_that_is_named_must_be_there) {
  LoadedConfig const loaded = load("[dkim]\ndirectory = \"/no/such/folder\"\n");
  EXPECT_EQ(loaded.config, nullptr);
  EXPECT_NE(loaded.problems.back().text.find("/no/such/folder"), std::string::npos);
}

TEST_F(MailAuthSettingsTest, the_mildest_of_the_recipients_domains_counts) {
  LoadedConfig const loaded =
      load("[[domain]]\nname = \"a.example\"\ndmarc = \"hold\"\n[[domain]]\nname = \"b.example\"\n",
           "dmarc = \"reject\"\n");
  ASSERT_NE(loaded.config, nullptr) << loaded.problems.back().text;
  auto const settings = mail_auth_settings(*loaded.config, dkim_signer(loaded));
  smtp::server::SessionFacts facts;
  facts.listener = "127.0.0.1:25";
  mail::Envelope envelope;
  envelope.forward_paths.push_back({mail::Mailbox{"x", {"b.example"}}, {}, ""});
  EXPECT_EQ(settings.action_of(facts, envelope), DmarcAction::reject);
  envelope.forward_paths.push_back({mail::Mailbox{"x", {"A.example"}}, {}, ""});
  EXPECT_EQ(settings.action_of(facts, envelope), DmarcAction::hold);
  EXPECT_TRUE(settings.verifies(facts));
  facts.role = smtp::server::Role::submission;
  EXPECT_FALSE(settings.verifies(facts));
}
}  // namespace
}  // namespace pb::app
