// maildir_test.cpp: what stands in the file, what is left behind after a failure, hostile names.
// Spec: cr.yp.to/proto/maildir.html; RFC 5321 §4.4.
#include "runtime/maildir.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "runtime/temporary_directory.hpp"

namespace pb::runtime {
namespace {
std::string content_of(std::filesystem::path const& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

class MaildirTest : public testing::Test {
 protected:
  std::expected<void, MaildirError> deliver(std::string const& content, std::size_t part = 3) {
    MaildirMessage message;
    message.directory = box();
    message.reverse_path.mailbox = mail::Mailbox{"a", {"one.example"}};
    message.delivered_to = "b@two.example";
    message.file_name = "1.x";
    message.octets = content.size();
    return deliver_to_maildir(message, [&content, part](std::uint64_t offset, std::size_t) {
      return std::optional{std::string_view{content}.substr(offset, part)};
    });
  }
  std::string box() const { return directory.path() + "/two.example/b"; }

  TemporaryDirectory directory;
};

TEST_F(MaildirTest, the_file_has_return_path_and_delivered_to_and_no_others) {
  ASSERT_TRUE(
      deliver("Received: x\r\nReturn-Path: <evil@x.example>\r\nSubject: hi\r\n\r\n"
              "Return-Path: body\r\n.dot\r\n"));
  EXPECT_EQ(content_of(box() + "/new/1.x"),
            "Return-Path: <a@one.example>\nDelivered-To: b@two.example\nReceived: x\n"
            "Subject: hi\n\nReturn-Path: body\n.dot\n");
  EXPECT_TRUE(std::filesystem::is_empty(box() + "/tmp"));
  EXPECT_TRUE(std::filesystem::exists(box() + "/cur"));
}

TEST_F(MaildirTest, content_is_the_same_however_it_is_read) {
  std::string const content =
      "Subject: hi\r\n\r\n" + std::string(100, 'x') + "\r\nlone \r here\r\n";
  for (std::size_t part = 1; part < 12; part += 5) {
    std::filesystem::remove_all(box());
    ASSERT_TRUE(deliver(content, part));
    EXPECT_EQ(content_of(box() + "/new/1.x"),
              "Return-Path: <a@one.example>\nDelivered-To: b@two.example\nSubject: hi\n\n" +
                  std::string(100, 'x') + "\nlone \r here\n");
  }
}

TEST_F(MaildirTest, nothing_is_left_behind_when_the_message_cannot_be_read) {
  MaildirMessage message;
  message.directory = box();
  message.file_name = "1.x";
  message.octets = 1000;
  auto const done = deliver_to_maildir(message, [](std::uint64_t offset, std::size_t) {
    return offset == 0 ? std::optional<std::string_view>{"a: b\r\n\r\n"} : std::nullopt;
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), MaildirError::unreadable);
  EXPECT_TRUE(std::filesystem::is_empty(box() + "/tmp"));
  EXPECT_TRUE(std::filesystem::is_empty(box() + "/new"));
}

TEST_F(MaildirTest, a_name_that_is_taken_is_an_error_not_an_overwrite) {
  std::filesystem::create_directories(box() + "/tmp");
  std::ofstream{box() + "/tmp/1.x"} << "someone's";
  EXPECT_FALSE(deliver("a: b\r\n\r\n"));
}

TEST(MaildirPath, takes_only_names_that_can_be_directories) {
  EXPECT_EQ(maildir_path("/var/mail/{domain}/{account}/", "two.example", "bob@two.example"),
            "/var/mail/two.example/bob@two.example");
  EXPECT_EQ(maildir_path("/srv/{account}", "two.example", "bob"), "/srv/bob");
  for (std::string_view const name : {"", ".", "..", "../x", "a/b", ".hidden", "a\nb"}) {
    EXPECT_FALSE(maildir_path("/m/{account}", "two.example", name)) << name;
    EXPECT_FALSE(maildir_path("/m/{domain}", name, "bob")) << name;
  }
  EXPECT_FALSE(maildir_path("/m/{user}", "two.example", "bob"));
}
}  // namespace
}  // namespace pb::runtime
