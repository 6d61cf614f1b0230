// dkim_sign_verify.cpp: what DKIM costs beside the bare cryptography, in one run on one core.
// Spec: RFC 6376, RFC 8463. Prints our operations a second and their ratio to raw EVP ones.
// Not here: throughput of the server.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>
#include <map>
#include <memory>

#include "dkim/sign.hpp"
#include "dkim/verify.hpp"
#include "dns/world.hpp"

namespace {
using namespace pb;
constexpr char const* header_text =
    "From: Alice <alice@example.com>\r\nTo: bob@example.org\r\nSubject: a subject of some words\r\n"
    "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nMessage-ID: <a.b.c@example.com>\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
Instant const now{std::chrono::seconds{1795262400}};

std::string body_of(std::size_t octets) {
  std::string out;
  while (out.size() < octets) out += "The quick brown fox jumps over the lazy dog, once more.\r\n";
  return out;
}

dkim::PrivateKey const& key_of(dkim::KeyType type) {
  static dkim::PrivateKey const rsa = *dkim::PrivateKey::generate(dkim::KeyType::rsa, 2048);
  static dkim::PrivateKey const ed25519 = *dkim::PrivateKey::generate(dkim::KeyType::ed25519, 0);
  return type == dkim::KeyType::rsa ? rsa : ed25519;
}

dkim::KeyType type_of(benchmark::State const& state) {
  return state.range(0) == 0 ? dkim::KeyType::rsa : dkim::KeyType::ed25519;
}

std::string sign(mail::HeaderSection const& header, std::string const& body, dkim::KeyType type) {
  dkim::SignOptions options;
  options.now = now;
  auto signer = dkim::Signer::make(header, {{"example.com", "s", key_of(type)}}, options);
  signer->body(body);
  return *signer->finish();
}

/// What `openssl speed` does: one operation of the bare key on a digest, with nothing of ours.
class RawKey {
 public:
  explicit RawKey(bool rsa)
      : rsa_{rsa},
        key_{rsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})
                 : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"),
             &EVP_PKEY_free} {}
  bool sign() {
    length_ = signature_.size();
    if (!rsa_) {
      MdContext const context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
      return EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
             EVP_DigestSign(context.get(), signature_.data(), &length_, digest_.data(),
                            digest_.size()) == 1;
    }
    if (signing_ == nullptr) signing_ = context(EVP_PKEY_sign_init);
    return EVP_PKEY_sign(signing_.get(), signature_.data(), &length_, digest_.data(),
                         digest_.size()) == 1;
  }
  /// After sign().
  bool verify() {
    if (!rsa_) {
      MdContext const context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
      return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
             EVP_DigestVerify(context.get(), signature_.data(), length_, digest_.data(),
                              digest_.size()) == 1;
    }
    if (verifying_ == nullptr) verifying_ = context(EVP_PKEY_verify_init);
    return EVP_PKEY_verify(verifying_.get(), signature_.data(), length_, digest_.data(),
                           digest_.size()) == 1;
  }

 private:
  using Context = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
  using MdContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
  Context context(int (*init)(EVP_PKEY_CTX*)) const {
    Context out{EVP_PKEY_CTX_new(key_.get(), nullptr), &EVP_PKEY_CTX_free};
    init(out.get());
    EVP_PKEY_CTX_set_rsa_padding(out.get(), RSA_PKCS1_PADDING);
    EVP_PKEY_CTX_set_signature_md(out.get(), EVP_sha256());
    return out;
  }
  bool rsa_;
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  Context signing_{nullptr, &EVP_PKEY_CTX_free};
  Context verifying_{nullptr, &EVP_PKEY_CTX_free};
  std::array<unsigned char, 32> digest_{};
  std::array<unsigned char, 512> signature_{};
  std::size_t length_ = 0;
};

void raw_sign(benchmark::State& state) {
  RawKey key{state.range(0) == 0};
  for (auto _ : state) {
    if (!key.sign()) state.SkipWithError("no signature");
  }
}
void raw_verify(benchmark::State& state) {
  RawKey key{state.range(0) == 0};
  key.sign();
  for (auto _ : state) {
    if (!key.verify()) state.SkipWithError("no pass");
  }
}
void dkim_sign(benchmark::State& state) {
  auto const header = *mail::HeaderSection::parse(header_text);
  std::string const body = body_of(4096 - std::string_view{header_text}.size());
  sign(header, body, type_of(state));  // makes the key
  for (auto _ : state) benchmark::DoNotOptimize(sign(header, body, type_of(state)));
}
void dkim_verify(benchmark::State& state) {
  std::string const body = body_of(4096 - std::string_view{header_text}.size());
  std::string const field = sign(*mail::HeaderSection::parse(header_text), body, type_of(state));
  auto const header = *mail::HeaderSection::parse(field + header_text);
  dns::Facts facts;
  facts[{"s._domainkey.example.com", dns::Type::txt}] = dns::Found{
      {dns::Txt{dkim::key_record_text(key_of(type_of(state)).public_key())}}, {}, {}, {}};
  dkim::KeyCache keys;
  for (auto _ : state) {
    dkim::Verifier verifier{header, {}};
    verifier.body(body);
    verifier.end_of_body();
    auto const outcome = verifier.results(facts, now, keys);
    if (std::get<0>(outcome).front().word != dkim::Word::pass) state.SkipWithError("no pass");
  }
}
// Argument 0: RSA-2048; 1: Ed25519.
BENCHMARK(raw_sign)->Arg(0)->Arg(1);
BENCHMARK(dkim_sign)->Arg(0)->Arg(1);
BENCHMARK(raw_verify)->Arg(0)->Arg(1);
BENCHMARK(dkim_verify)->Arg(0)->Arg(1);

/// Keeps each mean, to print ratios behind the table.
class Ratios : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(std::vector<Run> const& runs) override {
    for (Run const& run : runs) seconds_[run.benchmark_name()] = run.GetAdjustedCPUTime();
    ConsoleReporter::ReportRuns(runs);
  }
  void print() {
    for (char const* key : {"0", "1"}) {
      for (char const* what : {"sign", "verify"}) {
        double const raw = seconds_[fmt::format("raw_{}/{}", what, key)];
        double const ours = seconds_[fmt::format("dkim_{}/{}", what, key)];
        if (ours > 0) {
          fmt::print("{} {}: {:.2f} of raw EVP\n", key[0] == '0' ? "rsa2048" : "ed25519", what,
                     raw / ours);
        }
      }
    }
  }

 private:
  std::map<std::string, double> seconds_;
};
}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  Ratios reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.print();
}
