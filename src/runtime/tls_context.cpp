// tls_context.cpp: builds OpenSSL contexts from settings; picks one by SNI; seals tickets.
// Spec: RFC 9325 §3.1, §4.2; RFC 6066 §3; RFC 5077 §4.            Not here: handshakes.
#include "runtime/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <map>

#include "base/ascii.hpp"

namespace pb::runtime {
namespace {
template <auto Free>
struct Freeing {
  void operator()(auto* value) const { Free(value); }
};
using Bio = std::unique_ptr<BIO, Freeing<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;

// RFC 9325 §4.2: TLS 1.2 only with forward secrecy and AEAD. TLS 1.3 keeps OpenSSL's own list.
constexpr char const* tls12_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr char const* groups = "X25519:P-256:P-384";

Bio memory_of(std::string const& text) {
  return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

SslContext make_context(SSL_METHOD const* method) {
  SslContext context{SSL_CTX_new(method)};
  if (!context) return nullptr;
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(raw, tls12_ciphers);
  SSL_CTX_set1_groups_list(raw, groups);
  // IGNORE_UNEXPECTED_EOF: SMTP says itself where a message ends, and half the world's clients
  // close without close_notify; a truncated message is never accepted (RFC 5321 §4.1.1.4).
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  return context;
}

/// Leaf first, then what stands behind it, then the key, which must be the leaf's.
bool load_pair(SSL_CTX* context, CertificateSettings const& settings) {
  Bio chain = memory_of(settings.chain_pem);
  Certificate leaf{PEM_read_bio_X509(chain.get(), nullptr, nullptr, const_cast<char*>(""))};
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return false;
  while (
      Certificate next{PEM_read_bio_X509(chain.get(), nullptr, nullptr, const_cast<char*>(""))}) {
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) return false;
  }
  ERR_clear_error();  // the end of the text is not an error
  Bio key_text = memory_of(settings.key_pem);
  Key key{PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, const_cast<char*>(""))};
  return key && SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
         SSL_CTX_check_private_key(context) == 1;
}

std::vector<std::string> names_in(X509* leaf) {
  std::vector<std::string> names;
  std::unique_ptr<GENERAL_NAMES, Freeing<GENERAL_NAMES_free>> alternatives{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; alternatives && i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
    GENERAL_NAME const* name = sk_GENERAL_NAME_value(alternatives.get(), i);
    if (name->type != GEN_DNS) continue;
    auto const* text = reinterpret_cast<char const*>(ASN1_STRING_get0_data(name->d.dNSName));
    names.emplace_back(text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  return names;
}

std::expected<void, std::string> ask_for_client_certificate(SSL_CTX* context,
                                                            std::string const& ca_pem) {
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  Bio text = memory_of(ca_pem);
  int found = 0;
  while (Certificate ca{PEM_read_bio_X509(text.get(), nullptr, nullptr, const_cast<char*>(""))}) {
    X509_STORE_add_cert(store, ca.get());
    SSL_CTX_add_client_CA(context, ca.get());
    ++found;
  }
  ERR_clear_error();
  if (found == 0) return std::unexpected{"client_ca holds no certificate in PEM form"};
  // Asked for, not demanded: a client without one can still log in with a password. One that shows
  // a certificate which does not check out fails the handshake.
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return {};
}
}  // namespace

std::string take_openssl_error() {
  unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  char const* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("error {:x}", code);
}

struct ServerTls::Impl {
  std::vector<SslContext> contexts;         // the first is the default
  std::map<std::string, SSL_CTX*> by_name;  // lower case; "*.example.org" stands as ".example.org"

  SSL_CTX* find(std::string_view asked) const {
    std::string name = ascii::to_lower(asked);
    if (name.ends_with('.')) name.pop_back();
    if (auto exact = by_name.find(name); exact != by_name.end()) return exact->second;
    // RFC 9525 §6.3: the star stands for one whole left-most label.
    std::size_t dot = name.find('.');
    if (dot == std::string::npos || dot == 0) return nullptr;
    auto wild = by_name.find(name.substr(dot));
    return wild == by_name.end() ? nullptr : wild->second;
  }

  void add_name(std::string const& name, SSL_CTX* context) {
    std::string key = ascii::to_lower(name);
    if (key.starts_with("*.")) key.erase(0, 1);
    by_name.emplace(std::move(key), context);  // the certificate that stands first wins
  }

  std::expected<void, std::string> add(CertificateSettings const& settings,
                                       ServerTlsOptions const& options) {
    SslContext context = make_context(TLS_server_method());
    if (!context) return std::unexpected{take_openssl_error()};
    if (!load_pair(context.get(), settings)) {
      return std::unexpected{
          fmt::format("certificate {}: {}", settings.source, take_openssl_error())};
    }
    if (!options.client_ca_pem.empty()) {
      auto asked = ask_for_client_certificate(context.get(), options.client_ca_pem);
      if (!asked) return asked;
    }
    // A ticket is bound to this id: needed where client certificates are asked for.
    static constexpr unsigned char id[] = "packetboat";
    SSL_CTX_set_session_id_context(context.get(), id, sizeof id - 1);
    if (options.tickets != nullptr) {
      options.tickets->install(context.get());
      SSL_CTX_set_num_tickets(context.get(), 1);
    } else {
      SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
      SSL_CTX_set_num_tickets(context.get(), 0);
    }
    std::vector<std::string> names = settings.names;
    if (names.empty()) names = names_in(SSL_CTX_get0_certificate(context.get()));
    for (std::string const& name : names) add_name(name, context.get());
    contexts.push_back(std::move(context));
    return {};
  }

  static int on_server_name(SSL* ssl, int*, void* argument) {
    auto const* self = static_cast<Impl const*>(argument);
    char const* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    // An unknown name gets the default certificate: the client decides whether it will do.
    if (SSL_CTX* context = self->find(name)) SSL_set_SSL_CTX(ssl, context);
    return SSL_TLSEXT_ERR_OK;
  }
};

ServerTls::ServerTls(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
ServerTls::~ServerTls() = default;

std::expected<std::shared_ptr<ServerTls const>, std::string> ServerTls::make(
    TlsSettings const& settings, ServerTlsOptions options) {
  if (settings.certificates.empty()) return std::unexpected{"no certificate is configured"};
  auto impl = std::make_unique<Impl>();
  for (CertificateSettings const& certificate : settings.certificates) {
    auto added = impl->add(certificate, options);
    if (!added) return std::unexpected{added.error()};
  }
  SSL_CTX* first = impl->contexts.front().get();
  SSL_CTX_set_tlsext_servername_callback(first, &Impl::on_server_name);
  SSL_CTX_set_tlsext_servername_arg(first, impl.get());
  return std::shared_ptr<ServerTls const>{new ServerTls{std::move(impl)}};
}

SSL* ServerTls::make_ssl() const {
  SSL* ssl = SSL_new(impl_->contexts.front().get());
  if (ssl != nullptr) SSL_set_accept_state(ssl);
  return ssl;
}

std::expected<std::shared_ptr<ClientTls const>, std::string> ClientTls::make(
    std::string const& roots_pem) {
  auto made = std::make_shared<ClientTls>();
  made->context_ = make_context(TLS_client_method());
  SSL_CTX* context = made->context_.get();
  if (context == nullptr) return std::unexpected{take_openssl_error()};
  if (roots_pem.empty()) {
    SSL_CTX_set_default_verify_paths(context);
  } else {
    Bio text = memory_of(roots_pem);
    while (Certificate ca{PEM_read_bio_X509(text.get(), nullptr, nullptr, const_cast<char*>(""))}) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca.get());
    }
  }
  ERR_clear_error();
  if (SSL_CTX_dane_enable(context) != 1) return std::unexpected{take_openssl_error()};
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  return made;
}
}  // namespace pb::runtime
