// published_test.cpp: what autoconfig and autodiscover files say of outgoing servers, and that
// hostile XML ends early.
// Spec: published.hpp, xml.hpp.
#include "advisor/published.hpp"

#include <gtest/gtest.h>

namespace pb::advisor {
namespace {
constexpr std::string_view autoconfig = R"(<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1"><emailProvider id="example.com">
  <incomingServer type="imap"><hostname>imap.example.com</hostname><port>993</port>
    <socketType>SSL</socketType></incomingServer>
  <outgoingServer type="smtp"><hostname>SMTP.Example.com</hostname><port>465</port>
    <socketType>SSL</socketType><username>%EMAILADDRESS%</username></outgoingServer>
  <outgoingServer type="smtp"><hostname>smtp.example.com</hostname><port> 587 </port>
    <socketType>STARTTLS</socketType><username>%EMAILLOCALPART%</username></outgoingServer>
</emailProvider></clientConfig>)";

std::string discovered(std::string const& protocol) {
  return "<Autodiscover xmlns=\"http://schemas.example/2006\"><Response xmlns=\"urn:x\"><Account>"
         "<Protocol><Type>IMAP</Type><Server>imap.example.com</Server><Port>993</Port></Protocol>"
         "<Protocol><Type>SMTP</Type>" +
         protocol + "</Protocol></Account></Response></Autodiscover>";
}

TEST(Autoconfig, gives_the_outgoing_servers_alone_in_their_order) {
  auto const read = parse_autoconfig(autoconfig);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->servers.size(), 2U);
  EXPECT_EQ(read->servers[0], (PublishedServer{.host = "smtp.example.com",
                                               .port = 465,
                                               .security = Security::implicit_tls,
                                               .login = LoginForm::whole_address,
                                               .login_text = {}}));
  EXPECT_EQ(read->servers[1].security, Security::starttls);
  EXPECT_EQ(read->servers[1].login, LoginForm::local_part);
}

TEST(Autoconfig, of_a_web_page_or_without_a_usable_server_is_no_settings) {
  EXPECT_EQ(parse_autoconfig("<html><body>Hello</body></html>").error(),
            PublishedError::other_file);
  EXPECT_EQ(parse_autoconfig("<!doctype html><p>Hello").error(), PublishedError::xml);
  EXPECT_EQ(parse_autoconfig("<clientConfig/>").error(), PublishedError::no_outgoing);
  std::string const bad_host =
      "<clientConfig><emailProvider><outgoingServer type=\"smtp\"><hostname>a b</hostname>"
      "<port>587</port></outgoingServer></emailProvider></clientConfig>";
  EXPECT_EQ(parse_autoconfig(bad_host).error(), PublishedError::no_outgoing);
}

TEST(Autodiscover, encryption_outranks_ssl_and_the_port_decides_what_on_means) {
  auto const security = [](std::string const& words, int port) {
    auto const read = parse_autodiscover(discovered("<Server>smtp.example.com</Server><Port>" +
                                                    std::to_string(port) + "</Port>" + words),
                                         "you@example.com");
    return read ? read->servers.at(0).security : Security::none;
  };
  EXPECT_EQ(security("<SSL>on</SSL><Encryption>TLS</Encryption>", 587), Security::starttls);
  EXPECT_EQ(security("<Encryption>SSL</Encryption>", 465), Security::implicit_tls);
  EXPECT_EQ(security("<SSL>on</SSL>", 465), Security::implicit_tls);
  EXPECT_EQ(security("<SSL>on</SSL>", 587), Security::none);
  EXPECT_EQ(security("<SSL>off</SSL>", 587), Security::cleartext);
}

TEST(Autodiscover, tells_the_form_of_the_login_name) {
  auto const form = [](std::string const& name) {
    auto const read = parse_autodiscover(
        discovered("<Server>smtp.example.com</Server><Port>587</Port><LoginName>" + name +
                   "</LoginName>"),
        "you@example.com");
    return read->servers.at(0).login;
  };
  EXPECT_EQ(form("You@example.com"), LoginForm::whole_address);
  EXPECT_EQ(form("you"), LoginForm::local_part);
  EXPECT_EQ(form("EXAMPLE\\you"), LoginForm::other);
}

TEST(Autodiscover, may_refer_elsewhere_or_say_that_it_failed) {
  auto const wrap = [](std::string const& inside) {
    return "<Autodiscover><Response>" + inside + "</Response></Autodiscover>";
  };
  auto const elsewhere = parse_autodiscover(
      wrap("<Account><RedirectAddr>you@other.example</RedirectAddr></Account>"), "you@example.com");
  ASSERT_TRUE(elsewhere);
  EXPECT_EQ(elsewhere->refers_to, "you@other.example");
  EXPECT_EQ(parse_autodiscover(wrap("<Error><ErrorCode>600</ErrorCode></Error>"), "a@b").error(),
            PublishedError::says_error);
}

TEST(Autodiscover, asks_for_the_address_escaped) {
  EXPECT_NE(autodiscover_request("a&b<c>@example.com").find("a&amp;b&lt;c&gt;@example.com"),
            std::string::npos);
}

TEST(Xml, ends_at_its_limits_and_knows_no_entities_of_a_document) {
  std::string deep, many = "<r>";
  for (std::size_t i = 0; i <= xml_depth_max; ++i) deep += "<a>";
  for (std::size_t i = 0; i <= xml_elements_max; ++i) many += "<a/>";
  EXPECT_EQ(parse_xml(deep).error(), XmlError::too_deep);
  EXPECT_EQ(parse_xml(many + "</r>").error(), XmlError::too_many);
  EXPECT_EQ(parse_xml(std::string(xml_octets_max + 1, ' ')).error(), XmlError::too_long);
  EXPECT_EQ(parse_xml("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>").error(),
            XmlError::has_doctype);
  EXPECT_EQ(parse_xml("<a>&x;</a>").error(), XmlError::malformed);
  EXPECT_EQ(parse_xml("<a>").error(), XmlError::malformed);
  EXPECT_EQ(parse_xml("<x:a b='1'> two <c/></x:a>")->text, "two");
}
}  // namespace
}  // namespace pb::advisor
