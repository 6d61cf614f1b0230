// probe_tls.cpp: OpenSSL over memory BIOs; the chain is verified after the handshake, with a
// callback that collects every error instead of stopping at the first.
// Spec: probe_tls.hpp. Security level and versions are the library's defaults: what programs use.
// Tests: tests/fault_lab
#include "runtime/probe_tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/encoding.hpp"
#include "base/ip.hpp"

namespace pb::runtime {
using advisor::CertError;
using advisor::Handshake;
namespace {
template <auto free>
struct Deleter {
  void operator()(auto* object) const { free(object); }
};
template <typename T, auto free>
using Owned = std::unique_ptr<T, Deleter<free>>;

constexpr std::size_t chain_max = 10;
constexpr std::size_t names_max = 50;

std::string text_of(X509_NAME const* name) {
  Owned<BIO, BIO_free> out{BIO_new(BIO_s_mem())};
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  auto const size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(std::clamp<long>(size, 0, 512))};
}

std::string common_name_of(X509 const* certificate) {
  char text[256] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof text);
  return text;
}

std::int64_t seconds_of(ASN1_TIME const* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return timegm(&parts);
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> out;
  auto* list = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  Owned<GENERAL_NAMES, GENERAL_NAMES_free> const names{list};
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()) && out.size() < names_max; ++i) {
    auto const* name = sk_GENERAL_NAME_value(names.get(), i);
    int type = 0;
    auto const* value = static_cast<ASN1_STRING const*>(GENERAL_NAME_get0_value(name, &type));
    auto const* data = reinterpret_cast<char const*>(ASN1_STRING_get0_data(value));
    auto const size = static_cast<std::size_t>(std::max(0, ASN1_STRING_length(value)));
    if (type == GEN_DNS && size <= 255) out.emplace_back(data, size);
    if (type == GEN_IPADD && size == 4) {
      auto const* bytes = reinterpret_cast<unsigned char const*>(data);
      out.push_back(fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]));
    }
  }
  return out;
}

bool has_issuer_url(X509* certificate) {
  auto* access = static_cast<AUTHORITY_INFO_ACCESS*>(
      X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr));
  Owned<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free> const list{access};
  for (int i = 0; list && i < sk_ACCESS_DESCRIPTION_num(list.get()); ++i) {
    auto const* entry = sk_ACCESS_DESCRIPTION_value(list.get(), i);
    if (OBJ_obj2nid(entry->method) == NID_ad_ca_issuers) return true;
  }
  return false;
}

/// Hexadecimal.
std::string digest_of(X509* certificate, EVP_MD const* kind) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  X509_digest(certificate, kind, out, &size);
  return hex_encode({reinterpret_cast<char const*>(out), size});
}
advisor::CertFacts facts_of(X509* certificate) {
  advisor::CertFacts out;
  out.subject = text_of(X509_get_subject_name(certificate));
  out.issuer = text_of(X509_get_issuer_name(certificate));
  out.common_name = common_name_of(certificate);
  out.names = names_of(certificate);
  out.not_before = seconds_of(X509_get0_notBefore(certificate));
  out.not_after = seconds_of(X509_get0_notAfter(certificate));
  out.sha256 = digest_of(certificate, EVP_sha256());
  unsigned char* der = nullptr;
  int const octets = i2d_X509(certificate, &der);
  if (octets > 0)
    out.der.assign(reinterpret_cast<char const*>(der), static_cast<std::size_t>(octets));
  OPENSSL_free(der);
  out.has_issuer_url = has_issuer_url(certificate);
  return out;
}

CertError kind_of(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return CertError::expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return CertError::not_yet_valid;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return CertError::self_signed;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return CertError::self_signed_root;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return CertError::issuer_not_found;
    case X509_V_ERR_INVALID_PURPOSE:
      return CertError::wrong_purpose;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return CertError::weak;
    default:                    // an int, not an enum
      return CertError::other;  // an int of the library, not an enum
  }
}

int collect(int ok, X509_STORE_CTX* context) {
  auto* errors = static_cast<std::vector<CertError>*>(X509_STORE_CTX_get_app_data(context));
  if (ok == 0) {
    auto const kind = kind_of(X509_STORE_CTX_get_error(context));
    if (std::ranges::find(*errors, kind) == errors->end()) errors->push_back(kind);
  }
  return 1;
}

bool name_matches(X509* certificate, std::string const& host) {
  if (IpAddress::parse(host)) return X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
  return X509_check_host(certificate, host.c_str(), host.size(), 0, nullptr) == 1;
}

Handshake kind_of_failure(unsigned long error) {
  int const reason = ERR_GET_REASON(error);
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_UNEXPECTED_MESSAGE:
    case SSL_R_HTTP_REQUEST:
      return Handshake::not_tls;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return Handshake::old_version;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_WRONG_CIPHER_RETURNED:
    case SSL_R_UNKNOWN_CIPHER_RETURNED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return Handshake::no_cipher;
    case SSL_R_DH_KEY_TOO_SMALL:
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_MD_TOO_WEAK:
    case SSL_R_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED:
    case SSL_R_WRONG_SIGNATURE_TYPE:
    case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
      return Handshake::weak_key;
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return Handshake::wants_certificate;
    default:                      // an int, not an enum
      return Handshake::refused;  // an int of the library, not an enum
  }
}
}  // namespace

struct TrustStore::State {
  Owned<X509_STORE, X509_STORE_free> store{X509_STORE_new()};
  bool any = false;
};

TrustStore::TrustStore(std::string const& ca_file) : state_{std::make_unique<State>()} {
  auto* store = state_->store.get();
  if (!ca_file.empty()) {
    state_->any = X509_STORE_load_file(store, ca_file.c_str()) == 1;
  } else {
    X509_STORE_set_default_paths(store);
    // The directory form loads on demand: count what is there instead of what is loaded.
    auto* objects = X509_STORE_get0_objects(store);
    state_->any = sk_X509_OBJECT_num(objects) > 0;
    char const* file = std::getenv(X509_get_default_cert_file_env());
    if (!state_->any && file == nullptr) {
      Owned<BIO, BIO_free> const bundle{BIO_new_file("/etc/ssl/certs/ca-certificates.crt", "r")};
      state_->any =
          bundle && X509_STORE_load_file(store, "/etc/ssl/certs/ca-certificates.crt") == 1;
    }
  }
  ERR_clear_error();
}
TrustStore::~TrustStore() = default;
bool TrustStore::empty() const { return !state_->any; }

struct ProbeTls::Session {
  Owned<SSL_CTX, SSL_CTX_free> context{SSL_CTX_new(TLS_client_method())};
  Owned<SSL, SSL_free> ssl{SSL_new(context.get())};
  BIO* in = BIO_new(BIO_s_mem());   // owned by ssl
  BIO* out = BIO_new(BIO_s_mem());  // owned by ssl
  bool asked_certificate = false;
};

namespace {
/// Called when the server asks for a certificate; we have none, and say so.
int no_certificate(SSL* ssl, X509**, EVP_PKEY**) {
  *static_cast<bool*>(SSL_get_app_data(ssl)) = true;
  return 0;
}
}  // namespace

std::unique_ptr<ProbeTls::Session> ProbeTls::prepare(std::string const& host,
                                                     TlsOffer const& offer) {
  auto session = std::make_unique<Session>();
  SSL* ssl = session->ssl.get();
  SSL_set_bio(ssl, session->in, session->out);
  SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);  // verified afterwards, in full
  if (!IpAddress::parse(host)) SSL_set_tlsext_host_name(ssl, host.c_str());
  SSL_set_app_data(ssl, &session->asked_certificate);
  SSL_CTX_set_client_cert_cb(session->context.get(), no_certificate);
  SSL_set_min_proto_version(ssl, TLS1_2_VERSION);  // RFC 8996, RFC 8997
  if (offer.version != 0) {
    SSL_set_security_level(ssl, 0);  // or the library itself would not offer what is to be found
    SSL_set_min_proto_version(ssl, offer.version);
    SSL_set_max_proto_version(ssl, offer.version);
  }
  if (!offer.ciphers.empty()) SSL_set_cipher_list(ssl, offer.ciphers.c_str());
  SSL_set_connect_state(ssl);
  return session;
}

ProbeTls::ProbeTls(TrustStore const& store, std::string host, std::int64_t now,
                   TlsOffer const& offer)
    : session_(prepare(host, offer)), store_(store), host_(std::move(host)), now_(now) {}
ProbeTls::~ProbeTls() = default;

ProbeTls::Progress ProbeTls::handshake(std::string_view received) {
  if (facts_.plain_answer.empty() && !received.empty() && received.front() != 0x16 &&
      received.front() != 0x15) {
    facts_.plain_answer = received.substr(0, 64);
  }
  ERR_clear_error();
  BIO_write(session_->in, received.data(), static_cast<int>(received.size()));
  int const result = SSL_do_handshake(session_->ssl.get());
  if (result == 1) {
    facts_.plain_answer.clear();
    read_facts();
    return Progress::established;
  }
  if (SSL_get_error(session_->ssl.get(), result) == SSL_ERROR_WANT_READ) {
    return Progress::wants_bytes;
  }
  read_failure();
  return Progress::failed;
}

void ProbeTls::ended(Handshake how) {
  if (facts_.handshake == Handshake::not_tried) facts_.handshake = how;
}

void ProbeTls::read_failure() {
  facts_.handshake = kind_of_failure(ERR_peek_error());
  ERR_clear_error();
}

void ProbeTls::read_facts() {
  SSL* ssl = session_->ssl.get();
  facts_.handshake = Handshake::ok;
  std::string_view const version = SSL_get_version(ssl);  // "TLSv1.3"
  facts_.version =
      version.starts_with("TLSv") ? "TLS " + std::string{version.substr(4)} : std::string{version};
  facts_.cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl));
  auto* chain = SSL_get_peer_cert_chain(ssl);
  X509* leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return;
  for (int i = 0; i < sk_X509_num(chain) && facts_.chain.size() < chain_max; ++i) {
    facts_.chain.push_back(facts_of(sk_X509_value(chain, i)));
  }
  facts_.store_empty = store_.empty();
  facts_.asked_certificate = session_->asked_certificate;
  facts_.name_matches = name_matches(leaf, host_);
  Owned<X509_STORE_CTX, X509_STORE_CTX_free> const context{X509_STORE_CTX_new()};
  X509_STORE_CTX_init(context.get(), store_.state().store.get(), leaf, chain);
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), now_);
  // Level 2, as programs have it: RSA of 2048 bits and SHA-256 at least.
  X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(context.get()), 2);
  X509_STORE_CTX_set_app_data(context.get(), &facts_.errors);
  X509_STORE_CTX_set_verify_cb(context.get(), collect);
  X509_verify_cert(context.get());
  ERR_clear_error();
}

std::string ProbeTls::take_output() {
  std::string out;
  char block[4096];
  for (;;) {
    int const got = BIO_read(session_->out, block, sizeof block);
    if (got <= 0) return out;
    out.append(block, static_cast<std::size_t>(got));
  }
}

std::optional<std::string> ProbeTls::decrypt(std::string_view received) {
  ERR_clear_error();
  BIO_write(session_->in, received.data(), static_cast<int>(received.size()));
  std::string out;
  char block[4096];
  for (;;) {
    int const got = SSL_read(session_->ssl.get(), block, sizeof block);
    if (got > 0) {
      out.append(block, static_cast<std::size_t>(got));
      continue;
    }
    bool const more = SSL_get_error(session_->ssl.get(), got) == SSL_ERROR_WANT_READ;
    if (!more) {
      if (facts_.handshake == Handshake::ok &&
          ERR_GET_REASON(ERR_peek_error()) == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED) {
        facts_.handshake = Handshake::wants_certificate;
      }
      ERR_clear_error();
      if (out.empty()) return std::nullopt;
    }
    return out;
  }
}

void ProbeTls::encrypt(std::string_view plaintext) {
  ERR_clear_error();
  SSL_write(session_->ssl.get(), plaintext.data(), static_cast<int>(plaintext.size()));
}
}  // namespace pb::runtime
