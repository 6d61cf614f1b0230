// smtp_suite.cpp: smuggling variants, DATA vectors and STARTTLS injection against the session.
// Spec: RFC 5321 §4.1.1.4, §4.5.2; RFC 3207 §4.2, CVE-2011-0411.     Not here: our dialogues.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "driver.hpp"
#include "smtp/client/body_encoder.hpp"
#include "smtp/data_reader.hpp"
#include "suite.hpp"

namespace pb::suites {
namespace {
using dialogues::Driver;
using dialogues::World;

World world() {
  World out;
  out.settings.hostname = "mx.example";
  out.settings.starttls_offered = true;
  return out;
}

Driver in_data() {
  Driver driver{world()};
  driver.feed("EHLO client.example\r\n");
  driver.feed("MAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\nDATA\r\n");
  driver.take_output();
  return driver;
}

/// Never a second message, and the first only with the variant in it as content.
TEST(SmtpSuite, smuggling_variants) {
  if (root().empty()) GTEST_SKIP() << "no suites: set PB_SUITES";
  Count count{"smtp/smuggling end-of-data variants", {}};
  std::string const smuggled =
      "MAIL FROM:<evil@client.example>\r\nRCPT TO:<victim@mx.example>\r\nDATA\r\nSubject: "
      "smuggled\r\n\r\nbody\r\n.\r\n";
  auto const file =
      boost::json::parse(read_file(root() / "smtp/smuggling/eod-variants.json")).as_object();
  for (auto const& variant : file.at("variants").as_array()) {
    std::string const bytes = hex_decode(std::string{variant.at("bytes_hex").as_string()}).value();
    std::string const wire = "Subject: x\r\n\r\nbody" + bytes + smuggled;
    bool const true_end = variant.at("contains_true_eod").as_bool();
    bool right = true;
    for (std::size_t cut = 1; cut < wire.size(); ++cut) {
      Driver driver = in_data();
      driver.feed(std::string_view{wire}.substr(0, cut));
      driver.feed(std::string_view{wire}.substr(cut));
      // Behind a true end the rest is a second transaction by right (or is closed on, for its NUL).
      std::size_t const messages_max = true_end ? 2 : 1;
      right = right && driver.stored().size() <= messages_max;
      if (!true_end && !driver.stored().empty()) {
        right = right && driver.stored()[0].text().find("Subject: smuggled") != std::string::npos;
      }
    }
    count.record(std::string{variant.at("id").as_string()}, right, "a message was smuggled");
  }
  EXPECT_TRUE(count.finish());
}

struct Read {
  std::string text;
  bool ended = false;
  smtp::TextFault fault = smtp::TextFault::none;
};
Read read(std::string_view wire) {
  smtp::DataReader reader;
  Read out;
  for (;;) {
    auto const event = reader.next(wire);
    out.text += event.bytes;
    out.ended = event.kind == smtp::TextEvent::Kind::end;
    if (event.kind != smtp::TextEvent::Kind::run) break;
  }
  out.fault = reader.fault();
  return out;
}

bool reader_vector(boost::json::value const& vector) {
  std::string const wanted{vector.at("args").at(0).as_string()};
  auto const error = vector.at("args").at(1).as_string();
  Read const got = read(std::string{vector.at("input").as_string()});
  if (error == "GO:nil") {
    return got.ended && got.fault == smtp::TextFault::none && got.text == wanted;
  }
  if (error == "GO:io.ErrUnexpectedEOF") return !got.ended;
  return got.fault != smtp::TextFault::none;
}

TEST(SmtpSuite, mox_data_vectors) {
  if (root().empty()) GTEST_SKIP() << "no suites: set PB_SUITES";
  Count count{"smtp/smuggling mox-data-reader",
              {{"line 101",
                "RFC 5321 §2.3.8: \"conforming implementations MUST NOT recognize or "
                "generate any other character or character sequence as a line "
                "terminator\""}},
              /*excused_percent_max=*/4};
  auto const file = boost::json::parse(read_file(root() / "smtp/smuggling/mox-data-reader.json"));
  for (auto const& vector : file.as_array()) {
    std::string const name = "line " + std::to_string(vector.at("line").as_int64());
    std::string const input{vector.at("input").as_string()};
    if (vector.at("test").as_string() == "TestDataReader") {
      count.record(name, reader_vector(vector), escape_for_display(input));
      continue;
    }
    smtp::client::BodyEncoder encoder;
    std::string out;
    encoder.append(input, out);
    encoder.finish(out);
    count.record(name, out == vector.at("args").at(0).as_string(), escape_for_display(out));
  }
  EXPECT_TRUE(count.finish());
}

/// Nothing said in the clear behind STARTTLS is ever answered as if it were protected.
bool injection_refused(boost::json::object const& vector) {
  Driver driver{world()};
  for (auto const& piece : vector.at("write").as_array()) {
    std::string const bytes{piece.as_string()};
    if (bytes == "{TLS}") break;
    driver.take_output();
    driver.feed(bytes);
  }
  bool const refused = driver.hangup() == dialogues::server::HangupReason::injected_plaintext;
  return refused && !driver.session().facts().tls.active && driver.take_output().starts_with("503");
}

TEST(SmtpSuite, starttls_injection) {
  if (root().empty()) GTEST_SKIP() << "no suites: set PB_SUITES";
  Count count{"smtp/starttls-injection, server", {}};
  auto const file =
      boost::json::parse(read_file(root() / "smtp/starttls-injection/vectors.json")).as_object();
  for (auto const& value : file.at("server").as_array()) {
    auto const& vector = value.as_object();
    std::string const id{vector.at("id").as_string()};
    if (vector.contains("write")) {
      count.record(id, injection_refused(vector), "taken");
      continue;
    }
    // The others are told in words: mid-session, behind RCPT, within DATA.
    Driver driver{world()};
    driver.feed("EHLO client.example\r\n");
    driver.feed("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n");
    driver.take_output();
    if (id == "mpt-data") {
      driver.feed("DATA\r\n");
      driver.feed("STARTTLS\r\n.\r\n");
      bool const content =
          driver.stored().size() == 1 && driver.stored()[0].text().starts_with("STARTTLS\r\n");
      count.record(id, content, "not taken as content");
      continue;
    }
    driver.feed("STARTTLS\r\n");
    count.record(id,
                 !driver.session().facts().tls.active && driver.take_output().starts_with("503"),
                 "taken within a transaction");
  }
  EXPECT_TRUE(count.finish());
}
}  // namespace
}  // namespace pb::suites
