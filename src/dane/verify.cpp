// verify.cpp: see verify.hpp. OpenSSL's own DANE, as the client uses it in a handshake, on a chain
// that is at hand.
// Spec: RFC 7671 §5; SSL_CTX_dane_enable(3).               Tests: verify_test.cpp
#include "dane/verify.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>

#include "dane/record.hpp"

namespace pb::dane {
namespace {
template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;
using Certificate = Owned<X509, X509_free>;

void free_stack(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using Stack = Owned<STACK_OF(X509), free_stack>;

std::vector<Certificate> read(std::vector<std::string> const& chain) {
  std::vector<Certificate> out;
  for (auto const& der : chain) {
    if (out.size() == chain_certificates_max) break;
    auto const* begin = reinterpret_cast<unsigned char const*>(der.data());
    Certificate one{d2i_X509(nullptr, &begin, static_cast<long>(der.size()))};
    if (!one) return {};
    out.push_back(std::move(one));
  }
  return out;
}

/// How many records OpenSSL took, too: it reads what a record holds in full.
std::size_t add_records(SSL* ssl, std::vector<dns::Tlsa> const& records) {
  std::size_t taken = 0;
  for (auto const& record : records) {
    if (taken == records_max || !is_usable(record)) continue;
    auto const* data = reinterpret_cast<unsigned char const*>(record.data.data());
    int const added = SSL_dane_tlsa_add(ssl, record.usage, record.selector, record.matching, data,
                                        record.data.size());
    if (added > 0) ++taken;
  }
  return taken;
}

Match kind_of(int error) {
  switch (error) {
    case X509_V_OK:
      return Match::matches;
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return Match::wrong_name;
    case X509_V_ERR_DANE_NO_MATCH:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return Match::no_record;
    default:  // not an enum
      return Match::broken;
  }
}

ChainAnswer judge(SSL* ssl, std::vector<Certificate> const& chain, std::int64_t now) {
  Owned<X509_STORE, X509_STORE_free> const nobody{X509_STORE_new()};
  Owned<X509_STORE_CTX, X509_STORE_CTX_free> const context{X509_STORE_CTX_new()};
  Stack const stack{sk_X509_new_null()};
  if (!nobody || !context || !stack) return {};
  for (auto const& one : chain) sk_X509_push(stack.get(), one.get());
  if (X509_STORE_CTX_init(context.get(), nobody.get(), chain.front().get(), stack.get()) != 1)
    return {};
  X509_STORE_CTX_set_ex_data(context.get(), SSL_get_ex_data_X509_STORE_CTX_idx(), ssl);
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set1(parameters, SSL_get0_param(ssl));
  X509_VERIFY_PARAM_set_time(parameters, now);
  X509_STORE_CTX_set0_dane(context.get(), SSL_get0_dane(ssl));
  X509_verify_cert(context.get());
  int const error = X509_STORE_CTX_get_error(context.get());
  ChainAnswer out{.match = kind_of(error), .depth = std::nullopt};
  SSL_set_verify_result(ssl, error);
  int const depth = SSL_get0_dane_authority(ssl, nullptr, nullptr);
  if (out.match == Match::matches && depth >= 0) out.depth = static_cast<unsigned>(depth);
  return out;
}
}  // namespace

std::string_view name(Match match) {
  switch (match) {
    case Match::matches:
      return "matches";
    case Match::unusable:
      return "unusable";
    case Match::no_record:
      return "no-record";
    case Match::wrong_name:
      return "wrong-name";
    case Match::broken:
      return "broken";
    case Match::no_chain:
      return "no-chain";
  }
  return "";
}

ChainAnswer verify_chain(ChainQuestion const& question) {
  ERR_clear_error();
  auto const chain = read(question.chain);
  Owned<SSL_CTX, SSL_CTX_free> const tls{SSL_CTX_new(TLS_client_method())};
  if (!tls || SSL_CTX_dane_enable(tls.get()) != 1) return {};
  Owned<SSL, SSL_free> const ssl{SSL_new(tls.get())};
  std::string const first = question.names.empty() ? std::string{} : question.names.front();
  if (!ssl || SSL_dane_enable(ssl.get(), first.c_str()) != 1) return {};
  for (std::size_t i = 1; i < question.names.size(); ++i)
    SSL_add1_host(ssl.get(), question.names[i].c_str());
  SSL_dane_set_flags(ssl.get(), DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  SSL_set_connect_state(ssl.get());
  bool const usable = add_records(ssl.get(), question.records) != 0;
  ChainAnswer out{.match = Match::unusable, .depth = std::nullopt};
  if (usable) out = chain.empty() ? ChainAnswer{} : judge(ssl.get(), chain, question.now);
  ERR_clear_error();
  return out;
}

std::vector<std::string> certificates_of_pem(std::string const& text) {
  ERR_clear_error();
  std::vector<std::string> out;
  Owned<BIO, BIO_free> const source{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  while (source) {
    Certificate const one{PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr)};
    if (!one) break;
    unsigned char* der = nullptr;
    int const octets = i2d_X509(one.get(), &der);
    if (octets > 0) out.emplace_back(reinterpret_cast<char const*>(der), octets);
    OPENSSL_free(der);
  }
  bool const at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return at_end ? out : std::vector<std::string>{};
}
}  // namespace pb::dane
