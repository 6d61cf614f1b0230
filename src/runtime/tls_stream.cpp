// tls_stream.cpp: drives OpenSSL over a non-blocking descriptor.
// Spec: RFC 8446; RFC 9266 (tls-exporter); RFC 7672 (DANE in SMTP).    Not here: waiting.
#include "runtime/tls_stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/check.hpp"

namespace pb::runtime {
namespace {
template <auto Free>
struct Freeing {
  void operator()(auto* value) const { Free(value); }
};
using Bio = std::unique_ptr<BIO, Freeing<BIO_free>>;

int session_hook_index() {
  static int const index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int on_new_session(SSL* ssl, SSL_SESSION* session) {
  auto* hook =
      static_cast<std::function<void(SslSession)>*>(SSL_get_ex_data(ssl, session_hook_index()));
  if (hook == nullptr || !*hook) return 0;
  (*hook)(SslSession{session});
  return 1;  // the reference is ours now
}

/// RFC 9266 §3: no context, 32 octets. Under TLS 1.2 only with the extended master secret (§4.2).
std::string exporter(SSL* ssl) {
  if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) return {};
  static constexpr std::string_view label = "EXPORTER-Channel-Binding";
  std::string out(32, '\0');
  int done = SSL_export_keying_material(ssl, reinterpret_cast<unsigned char*>(out.data()),
                                        out.size(), label.data(), label.size(), nullptr, 0, 0);
  return done == 1 ? out : std::string{};
}

/// The account that a verified client certificate stands for: its first rfc822Name, else its CN.
std::string identity_of(X509* certificate) {
  std::unique_ptr<GENERAL_NAMES, Freeing<GENERAL_NAMES_free>> names{static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    GENERAL_NAME const* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_EMAIL) continue;
    auto const* text = reinterpret_cast<char const*>(ASN1_STRING_get0_data(name->d.rfc822Name));
    std::string found(text, static_cast<std::size_t>(ASN1_STRING_length(name->d.rfc822Name)));
    // A name with a zero byte would read differently in a log than in a comparison.
    return found.find('\0') == std::string::npos ? found : std::string{};
  }
  char buffer[256] = {};
  int octets = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, buffer,
                                         sizeof buffer);
  std::string name = octets > 0 ? std::string(buffer, static_cast<std::size_t>(octets)) : "";
  return name.find('\0') == std::string::npos ? name : std::string{};
}

/// SNI in a log: what is not a host name's character becomes '?', and it is cut.
std::string escaped_name(char const* name) {
  std::string out;
  for (; name != nullptr && *name != '\0' && out.size() < limits::domain_octets; ++name) {
    bool plain = (*name > ' ' && *name < 0x7F && *name != '"' && *name != '\\');
    out.push_back(plain ? *name : '?');
  }
  return out;
}

void demand(SSL* ssl, ClientTlsOptions const& options) {
  if (!options.server_name.empty()) {
    SSL_set_tlsext_host_name(ssl, options.server_name.c_str());
  }
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  for (std::string const& name : options.match_names) SSL_add1_host(ssl, name.c_str());
  bool dane = !options.tlsa.empty() && SSL_dane_enable(ssl, options.dane_base_domain.c_str()) == 1;
  for (TlsaData const& record : options.tlsa) {
    if (!dane) break;
    auto const* data = reinterpret_cast<unsigned char const*>(record.data.data());
    SSL_dane_tlsa_add(ssl, record.usage, record.selector, record.matching, data,
                      record.data.size());  // an unusable record counts as none
  }
  // RFC 7672 §3.1.1: for DANE-EE neither names nor dates count.
  if (dane) SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  // Without a demand the chain is still checked, so that peer() can say what was found.
  static constexpr auto note_only = +[](int, X509_STORE_CTX*) { return 1; };
  SSL_set_verify(ssl, SSL_VERIFY_PEER, options.require_trusted ? nullptr : note_only);
  if (options.resume != nullptr) SSL_set_session(ssl, options.resume);
}
}  // namespace

TlsStream::TlsStream(SSL* ssl) : ssl_{ssl} { PB_CHECK(ssl != nullptr); }
TlsStream::~TlsStream() = default;
TlsStream::TlsStream(TlsStream&&) noexcept = default;
TlsStream& TlsStream::operator=(TlsStream&&) noexcept = default;

TlsStream TlsStream::server(std::shared_ptr<ServerTls const> tls, int descriptor) {
  ERR_clear_error();
  TlsStream stream{tls->make_ssl()};
  SSL_set_fd(stream.ssl_.get(), descriptor);
  stream.server_tls_ = std::move(tls);
  return stream;
}

TlsStream TlsStream::client(ClientTls const& tls, int descriptor, ClientTlsOptions options) {
  ERR_clear_error();
  TlsStream stream{SSL_new(tls.context())};
  SSL* ssl = stream.ssl_.get();
  SSL_set_connect_state(ssl);
  SSL_set_fd(ssl, descriptor);
  demand(ssl, options);
  if (options.on_session) {
    stream.on_session_ =
        std::make_unique<std::function<void(SslSession)>>(std::move(options.on_session));
    SSL_set_ex_data(ssl, session_hook_index(), stream.on_session_.get());
    SSL_CTX_sess_set_new_cb(tls.context(), &on_new_session);
  }
  ERR_clear_error();
  return stream;
}

TlsProgress TlsStream::outcome(int result, std::size_t octets) {
  if (result > 0) return {TlsState::done, octets};
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {TlsState::want_read};
    case SSL_ERROR_WANT_WRITE:
      return {TlsState::want_write};
    case SSL_ERROR_ZERO_RETURN:
      return {TlsState::closed};
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      error_text_ = ERR_peek_error() == 0 ? "connection closed" : take_openssl_error();
      return {TlsState::closed};
    default:  // not an enum: OpenSSL's own codes
      break;
  }
  broken_ = true;
  error_text_ = take_openssl_error();
  // The verification's words are better than "certificate verify failed".
  long verified = SSL_get_verify_result(ssl_.get());
  if (error_text_ == "certificate verify failed") {
    error_text_ = X509_verify_cert_error_string(verified);
  }
  return {TlsState::failed};
}

TlsProgress TlsStream::handshake() {
  ERR_clear_error();
  TlsProgress progress = outcome(SSL_do_handshake(ssl_.get()), 0);
  if (progress.state == TlsState::done) server_tls_.reset();
  return progress;
}

TlsProgress TlsStream::read(std::span<char> into) {
  ERR_clear_error();
  std::size_t octets = 0;
  return outcome(SSL_read_ex(ssl_.get(), into.data(), into.size(), &octets), octets);
}

TlsProgress TlsStream::write(std::string_view bytes) {
  ERR_clear_error();
  std::size_t octets = 0;
  return outcome(SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &octets), octets);
}

void TlsStream::close_notify() {
  if (broken_ || SSL_in_init(ssl_.get()) != 0) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
  broken_ = true;
}

std::size_t TlsStream::pending() const { return static_cast<std::size_t>(SSL_pending(ssl_.get())); }

smtp::server::TlsFacts TlsStream::facts() const {
  SSL* ssl = ssl_.get();
  smtp::server::TlsFacts facts;
  facts.active = true;
  facts.version = SSL_get_version(ssl);
  SSL_CIPHER const* cipher = SSL_get_current_cipher(ssl);
  facts.cipher = SSL_CIPHER_get_name(cipher);
  facts.cipher_bits = static_cast<unsigned>(SSL_CIPHER_get_bits(cipher, nullptr));
  facts.channel_binding = exporter(ssl);
  if (SSL_is_server(ssl) != 0) {
    facts.server_name = escaped_name(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
    X509* shown = SSL_get0_peer_certificate(ssl);
    bool verified = shown != nullptr && SSL_get_verify_result(ssl) == X509_V_OK;
    if (verified) facts.client_identity = identity_of(shown);
  }
  return facts;
}

TlsPeer TlsStream::peer() const {
  SSL* ssl = ssl_.get();
  TlsPeer peer;
  long result = SSL_get_verify_result(ssl);
  peer.trusted = result == X509_V_OK && SSL_get0_peer_certificate(ssl) != nullptr;
  if (!peer.trusted) peer.why_not = X509_verify_cert_error_string(result);
  peer.resumed = SSL_session_reused(ssl) != 0;
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  Bio text{BIO_new(BIO_s_mem())};
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    PEM_write_bio_X509(text.get(), sk_X509_value(chain, i));
  }
  char* data = nullptr;
  long octets = BIO_get_mem_data(text.get(), &data);
  peer.chain_pem.assign(data, static_cast<std::size_t>(octets));
  return peer;
}
}  // namespace pb::runtime
