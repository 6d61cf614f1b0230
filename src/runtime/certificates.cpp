// certificates.cpp: builds X.509 v3 certificates with OpenSSL and signs them with P-256 keys.
// Spec: RFC 5280 §4.1, §4.2.                               Not here: storing keys (the caller
// does).
#include "runtime/certificates.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <memory>

#include "runtime/tls_context.hpp"

namespace pb::runtime {
namespace {
template <auto Free>
struct Freeing {
  void operator()(auto* value) const { Free(value); }
};
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using Bio = std::unique_ptr<BIO, Freeing<BIO_free>>;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  long octets = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(octets));
}

std::string pem_of(X509* certificate) {
  Bio bio{BIO_new(BIO_s_mem())};
  PEM_write_bio_X509(bio.get(), certificate);
  return text_of(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  Bio bio{BIO_new(BIO_s_mem())};
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio.get());
}

bool add_extension(X509* certificate, X509* issuer, int nid, std::string const& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, Freeing<X509_EXTENSION_free>> extension{
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str())};
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// Serial (RFC 5280 §4.1.2.2: positive, unpredictable), validity and public key.
bool fill(X509* certificate, EVP_PKEY* key, Instant not_before, Duration validity) {
  unsigned char serial[16];
  if (RAND_bytes(serial, sizeof serial) != 1) return false;
  serial[0] &= 0x7F;
  std::unique_ptr<BIGNUM, Freeing<BN_free>> number{BN_bin2bn(serial, sizeof serial, nullptr)};
  if (!number || BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) {
    return false;
  }
  using std::chrono::duration_cast;
  time_t from = duration_cast<std::chrono::seconds>(not_before.time_since_epoch()).count();
  time_t until = from + duration_cast<std::chrono::seconds>(validity).count();
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), from) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), until) != nullptr &&
         X509_set_pubkey(certificate, key) == 1;
}

bool set_common_name(X509* certificate, std::string const& name) {
  // RFC 5280 §A.1: ub-common-name is 64; a longer name stands in the alternative names only.
  std::string cut = name.substr(0, 64);
  return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                    MBSTRING_UTF8,
                                    reinterpret_cast<unsigned char const*>(cut.data()),
                                    static_cast<int>(cut.size()), -1, 0) == 1;
}

std::unexpected<std::string> failed() { return std::unexpected{take_openssl_error()}; }

std::string alternative_names(LeafRequest const& request) {
  std::string out;
  auto add = [&out](std::string_view kind, std::string const& name) {
    if (!out.empty()) out += ',';
    out += fmt::format("{}:{}", kind, name);
  };
  for (std::string const& name : request.dns_names) add("DNS", name);
  for (IpAddress const& address : request.addresses) add("IP", address.text());
  if (!request.email.empty()) add("email", request.email);
  return out;
}

Key read_key(std::string const& pem) {
  Bio bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  // An empty pass phrase, so that OpenSSL never asks on the terminal.
  return Key{PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, const_cast<char*>(""))};
}

Certificate read_certificate(std::string const& pem) {
  Bio bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  return Certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, const_cast<char*>(""))};
}
}  // namespace

std::expected<CertificatePair, std::string> make_ca(std::string const& common_name,
                                                    Instant not_before, Duration validity) {
  Key key{EVP_EC_gen("P-256")};
  Certificate ca{X509_new()};
  if (!key || !ca || !fill(ca.get(), key.get(), not_before, validity)) return failed();
  bool built =
      set_common_name(ca.get(), common_name) &&
      X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get())) == 1 &&
      add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
      add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  if (!built || X509_sign(ca.get(), key.get(), EVP_sha256()) == 0) return failed();
  return CertificatePair{pem_of(ca.get()), pem_of(key.get())};
}

std::expected<CertificatePair, std::string> make_leaf(CertificatePair const& ca,
                                                      LeafRequest const& request) {
  Key ca_key = read_key(ca.key_pem);
  Certificate issuer = read_certificate(ca.certificate_pem);
  Key key{EVP_EC_gen("P-256")};
  Certificate leaf{X509_new()};
  if (!ca_key || !issuer || !key || !leaf) return failed();
  if (!fill(leaf.get(), key.get(), request.not_before, request.validity)) return failed();
  bool client = !request.email.empty();
  std::string name = client                       ? request.email
                     : !request.dns_names.empty() ? request.dns_names.front()
                                                  : "packetboat";
  bool built =
      set_common_name(leaf.get(), name) &&
      X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer.get())) == 1 &&
      add_extension(leaf.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(leaf.get(), issuer.get(), NID_key_usage, "critical,digitalSignature") &&
      add_extension(leaf.get(), issuer.get(), NID_ext_key_usage,
                    client ? "clientAuth" : "serverAuth") &&
      add_extension(leaf.get(), issuer.get(), NID_subject_key_identifier, "hash") &&
      add_extension(leaf.get(), issuer.get(), NID_authority_key_identifier, "keyid") &&
      add_extension(leaf.get(), issuer.get(), NID_subject_alt_name, alternative_names(request));
  if (!built || X509_sign(leaf.get(), ca_key.get(), EVP_sha256()) == 0) return failed();
  return CertificatePair{pem_of(leaf.get()), pem_of(key.get())};
}
}  // namespace pb::runtime
