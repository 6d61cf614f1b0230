// tls_stream_test.cpp: handshakes between our two roles over loopback: names, trust, tickets, ends.
// Spec: RFC 9325, RFC 6066 §3, RFC 9266, RFC 7672.                          Not here: SMTP.
#include "runtime/tls_stream.hpp"

#include <openssl/sha.h>
#include <sys/socket.h>

#include <boost/asio/write.hpp>

#include "runtime/test_support.hpp"

namespace pb::runtime {
namespace {
using testing::Ca;
using namespace std::chrono_literals;

class TlsTest : public ::testing::Test {
 protected:
  std::shared_ptr<ServerTls const> server_tls(std::vector<CertificateSettings> certificates,
                                              ServerTlsOptions options = {}) {
    auto made = ServerTls::make({std::move(certificates)}, std::move(options));
    EXPECT_TRUE(made) << (made ? "" : made.error());
    return made ? *made : nullptr;
  }
  std::shared_ptr<ClientTls const> client_tls() {
    auto made = ClientTls::make(ca.pair.certificate_pem);
    EXPECT_TRUE(made);
    return *made;
  }

  Ca ca = Ca::make();
  SystemClock clock;
  asio::io_context context{1};
  std::vector<char> buffer = std::vector<char>(64 * 1024);
};

struct Ends {
  std::unique_ptr<Connection> server;
  std::unique_ptr<Connection> client;
  std::expected<void, IoError> server_result, client_result;
};

asio::awaitable<void> shake(Connection& connection, TlsStream stream,
                            std::expected<void, IoError>& result) {
  connection.deadline(5s);
  result = co_await connection.start_tls(std::move(stream));
  if (!result) connection.close();
}

asio::awaitable<void> exchange(Connection& from, Connection& to, std::size_t octets) {
  std::string sent(octets, 'm');
  from.deadline(5s);
  to.deadline(5s);
  std::size_t got = 0;
  std::size_t given = 0;
  while (got < octets) {
    auto taken = from.try_write(std::string_view{sent}.substr(given));
    EXPECT_TRUE(taken);
    if (!taken) co_return;
    given += *taken;
    auto more = co_await to.read_more();
    EXPECT_TRUE(more);
    if (!more) co_return;
    got += more->size();
  }
  EXPECT_EQ(got, octets);
}

class Handshake : public TlsTest {
 protected:
  Ends shake_hands(std::shared_ptr<ServerTls const> server, ClientTlsOptions options,
                   std::shared_ptr<ClientTls const> client = nullptr) {
    if (!client) client = client_tls();
    auto [here, there] = testing::socket_pair(context);
    Ends ends;
    ends.server = std::make_unique<Connection>(std::move(here), buffer);
    ends.client = std::make_unique<Connection>(std::move(there), buffer);
    testing::run_on(
        context,
        shake(*ends.server, TlsStream::server(server, ends.server->descriptor()),
              ends.server_result),
        shake(*ends.client, TlsStream::client(*client, ends.client->descriptor(), options),
              ends.client_result));
    return ends;
  }
};

TEST_F(Handshake, both_sides_agree_on_tls_1_3_and_on_the_channel_binding) {
  Ends ends = shake_hands(server_tls({ca.leaf({"mail.example"})}), {.server_name = "mail.example"});
  ASSERT_TRUE(ends.server_result && ends.client_result);
  auto server = ends.server->tls()->facts();
  EXPECT_EQ(server.version, "TLSv1.3");
  EXPECT_EQ(server.server_name, "mail.example");
  EXPECT_GE(server.cipher_bits, 128U);
  EXPECT_EQ(server.channel_binding.size(), 32U);  // RFC 9266 §3
  EXPECT_EQ(server.channel_binding, ends.client->tls()->facts().channel_binding);
}

TEST_F(Handshake, each_name_is_shown_its_own_certificate) {
  auto tls = server_tls({ca.leaf({"one.example"}), ca.leaf({"two.example", "*.three.example"})});
  struct Row {
    std::string asked, shown;
  };
  Row const rows[] = {{"one.example", "one.example"},
                      {"TWO.example", "two.example"},
                      {"a.three.example", "a.three.example"},
                      {"unknown.example", "one.example"}};
  for (Row const& row : rows) {
    Ends ends = shake_hands(
        tls, {.server_name = row.asked, .match_names = {row.shown}, .require_trusted = true});
    EXPECT_TRUE(ends.client_result) << row.asked << ": " << ends.client->tls_error();
  }
}

TEST_F(Handshake, a_client_that_demands_trust_refuses_a_wrong_name_and_a_strange_ca) {
  auto tls = server_tls({ca.leaf({"mail.example"})});
  Ends wrong = shake_hands(tls, {.match_names = {"other.example"}, .require_trusted = true});
  EXPECT_FALSE(wrong.client_result);
  EXPECT_EQ(wrong.client->tls_error(), "hostname mismatch");
  EXPECT_FALSE(wrong.server_result);
  auto strange = ClientTls::make(Ca::make().pair.certificate_pem);
  Ends untrusted = shake_hands(tls, {.require_trusted = true}, *strange);
  EXPECT_FALSE(untrusted.client_result);
}

TEST_F(Handshake, an_opportunistic_client_goes_on_and_knows_what_was_wrong) {
  auto tls = server_tls({ca.leaf({"mail.example"})});
  Ends ends = shake_hands(tls, {.match_names = {"other.example"}});
  ASSERT_TRUE(ends.client_result);
  EXPECT_FALSE(ends.client->tls()->peer().trusted);
  EXPECT_EQ(ends.client->tls()->peer().why_not, "hostname mismatch");
}

/// SHA-256 of the leaf's DER, as a TLSA "3 0 1" record has it.
std::string digest_of(std::string const& pem) {
  std::unique_ptr<BIO, decltype(&BIO_free)> bio{
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
  std::unique_ptr<X509, decltype(&X509_free)> leaf{
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free};
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  X509_digest(leaf.get(), EVP_sha256(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return digest;
}

TEST_F(Handshake, with_tlsa_records_they_decide_and_not_the_roots) {
  CertificateSettings leaf = ca.leaf({"mail.example"});
  auto tls = server_tls({leaf});
  auto strange = ClientTls::make(Ca::make().pair.certificate_pem);
  ClientTlsOptions options{.server_name = "mail.example",
                           .require_trusted = true,
                           .tlsa = {{3, 0, 1, digest_of(leaf.chain_pem)}},
                           .dane_base_domain = "mail.example"};
  EXPECT_TRUE(shake_hands(tls, options, *strange).client_result);
  options.tlsa[0].data[0] ^= 1;
  EXPECT_FALSE(shake_hands(tls, options).client_result);
}

TEST_F(Handshake, large_data_arrives_whole_and_the_end_is_told) {
  Ends ends = shake_hands(server_tls({ca.leaf({"mail.example"})}), {});
  testing::run_on(context, exchange(*ends.client, *ends.server, 500'000));
  testing::run_on(context, exchange(*ends.server, *ends.client, 100'000));
  ends.client->close();
  testing::run_on(context, [](Connection& server) -> asio::awaitable<void> {
    auto end = co_await server.read_more();
    EXPECT_EQ(end.error(), IoError::closed);
  }(*ends.server));
}

TEST_F(Handshake, plain_text_where_tls_should_begin_fails_and_says_so) {
  auto tls = server_tls({ca.leaf({"mail.example"})});
  auto [here, there] = testing::socket_pair(context);
  Connection server{std::move(here), buffer};
  asio::write(there, asio::buffer(std::string_view{"EHLO client.example\r\n"}));
  std::expected<void, IoError> result;
  testing::run_on(context, shake(server, TlsStream::server(tls, server.descriptor()), result));
  EXPECT_EQ(result.error(), IoError::tls);
  EXPECT_EQ(server.tls_error(), "wrong version number");
}

/// Reads once on the client so that it takes the ticket, which comes behind the handshake.
asio::awaitable<void> take_ticket(Connection& server, Connection& client) {
  std::ignore = server.try_write("220 hello\r\n");
  std::ignore = co_await client.read_more();
}

TEST_F(Handshake, a_submission_client_resumes_even_across_names_and_reloads) {
  TicketKeys keys{clock};
  auto before = server_tls({ca.leaf({"mail.example"})}, {.tickets = &keys});
  auto after = server_tls({ca.leaf({"mail.example"})}, {.tickets = &keys});
  std::vector<SslSession> tickets;
  ClientTlsOptions options{
      .on_session = [&](SslSession session) { tickets.push_back(std::move(session)); }};
  auto client = client_tls();
  Ends first = shake_hands(before, options, client);
  testing::run_on(context, take_ticket(*first.server, *first.client));
  ASSERT_EQ(tickets.size(), 1U);
  options.resume = tickets.front().get();
  Ends second = shake_hands(after, options, client);
  ASSERT_TRUE(second.client_result);
  EXPECT_TRUE(second.client->tls()->peer().resumed);
}

TEST_F(Handshake, a_relay_listener_issues_no_ticket) {
  auto tls = server_tls({ca.leaf({"mail.example"})});
  int tickets = 0;
  Ends ends = shake_hands(tls, {.on_session = [&](SslSession) { ++tickets; }});
  testing::run_on(context, take_ticket(*ends.server, *ends.client));
  EXPECT_EQ(tickets, 0);
}

struct MovingClock final : Clock {
  Instant time = SystemClock{}.now();
  [[nodiscard]] Instant now() const override { return time; }
};

TEST_F(Handshake, a_ticket_of_yesterday_opens_nothing) {
  MovingClock moving;
  TicketKeys keys{moving};
  auto tls = server_tls({ca.leaf({"mail.example"})}, {.tickets = &keys});
  std::vector<SslSession> tickets;
  ClientTlsOptions options{
      .on_session = [&](SslSession session) { tickets.push_back(std::move(session)); }};
  auto client = client_tls();
  Ends first = shake_hands(tls, options, client);
  testing::run_on(context, take_ticket(*first.server, *first.client));
  ASSERT_FALSE(tickets.empty());
  SslSession ticket = std::move(tickets.front());
  options.resume = ticket.get();
  moving.time += 13h;  // another key seals now, this one still opens
  EXPECT_TRUE(shake_hands(tls, options, client).client->tls()->peer().resumed);
  moving.time += 12h;
  Ends late = shake_hands(tls, options, client);
  ASSERT_TRUE(late.client_result);
  EXPECT_FALSE(late.client->tls()->peer().resumed);
}

TEST_F(TlsTest, a_key_that_is_not_the_certificates_is_refused_by_name) {
  CertificateSettings mixed = ca.leaf({"mail.example"});
  mixed.key_pem = ca.leaf({"mail.example"}).key_pem;
  mixed.source = "mail.pem";
  auto made = ServerTls::make({{mixed}}, {});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().find("mail.pem"), std::string::npos);
  EXPECT_NE(made.error().find("mismatch"), std::string::npos) << made.error();
}

TEST_F(TlsTest, garbage_instead_of_pem_is_refused) {
  EXPECT_FALSE(ServerTls::make({{{{}, "no certificate", "no key", "x.pem"}}}, {}));
  EXPECT_FALSE(ServerTls::make({}, {}));
}
}  // namespace
}  // namespace pb::runtime
