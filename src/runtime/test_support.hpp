// test_support.hpp: certificates, loopback sockets and a loop for the tests of this folder.
// Spec: none.                                     Not here: anything that the program links.
#pragma once

#include <gtest/gtest.h>

#include <openssl/pem.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "runtime/certificates.hpp"
#include "runtime/connection.hpp"
#include "runtime/system.hpp"
#include "runtime/tls_context.hpp"

namespace pb::runtime::testing {
/// Runs `work` on a fresh loop to its end; fails the test if that takes too long.
template <typename... Work>
void run_on(asio::io_context& context, Work... work) {
  int open = 0;
  auto count = [&](asio::awaitable<void> one) {
    ++open;
    asio::co_spawn(context, std::move(one), [&](std::exception_ptr error) {
      EXPECT_FALSE(error);
      if (--open == 0) context.stop();  // deadlines that are armed hold nobody up
    });
  };
  (count(std::move(work)), ...);
  context.restart();
  context.run_for(std::chrono::seconds{20});
  EXPECT_EQ(open, 0) << "a coroutine still waits";
}

struct Ca {
  CertificatePair pair;
  static Ca make() {
    auto made =
        make_ca("Test CA", SystemClock{}.now() - std::chrono::hours{1}, std::chrono::days{2});
    EXPECT_TRUE(made);
    return {*made};
  }
  CertificateSettings leaf(std::vector<std::string> names) const {
    LeafRequest request{.dns_names = names,
                        .addresses = {*IpAddress::parse("127.0.0.1")},
                        .email = {},
                        .not_before = SystemClock{}.now() - std::chrono::hours{1},
                        .validity = std::chrono::days{1}};
    auto made = make_leaf(pair, request);
    EXPECT_TRUE(made) << (made ? "" : made.error());
    return {{}, made->certificate_pem, made->key_pem, names.front()};
  }
  CertificatePair client(std::string const& email) const {
    LeafRequest request{.dns_names = {},
                        .addresses = {},
                        .email = email,
                        .not_before = SystemClock{}.now() - std::chrono::hours{1},
                        .validity = std::chrono::days{1}};
    return *make_leaf(pair, request);
  }
};

/// Shows this certificate wherever a server asks for one.
inline bool use_client_certificate(SSL_CTX* context, CertificatePair const& pair) {
  std::unique_ptr<BIO, decltype(&BIO_free)> certificate{
      BIO_new_mem_buf(pair.certificate_pem.data(), -1), &BIO_free};
  std::unique_ptr<BIO, decltype(&BIO_free)> key{BIO_new_mem_buf(pair.key_pem.data(), -1),
                                                &BIO_free};
  X509* leaf = PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr);
  EVP_PKEY* secret = PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr);
  bool used =
      SSL_CTX_use_certificate(context, leaf) == 1 && SSL_CTX_use_PrivateKey(context, secret) == 1;
  X509_free(leaf);
  EVP_PKEY_free(secret);
  return used;
}

/// Two ends of a TCP connection on loopback.
inline std::pair<Socket, Socket> socket_pair(asio::io_context& context) {
  asio::ip::tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  Socket client{context};
  client.connect(acceptor.local_endpoint());
  return {acceptor.accept(), std::move(client)};
}
}  // namespace pb::runtime::testing
