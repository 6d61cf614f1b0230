// domain_facts.hpp: what a mail domain publishes about itself, and where that differs from what a
// probe measured.
// Spec: RFC 5321 §5.1 (MX), RFC 6186 and RFC 8314 §5.1 (SRV), RFC 8461, RFC 8460, RFC 7672;
// published.hpp for the files.        Tests: domain_facts_test.cpp    Not here: asking (cli).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "advisor/published.hpp"
#include "advisor/relay.hpp"
#include "advisor/verdict.hpp"
#include "text/language.hpp"

namespace pb::advisor {
enum class Source : std::uint8_t { srv, autoconfig, autodiscover };
/// "srv", "autoconfig", "autodiscover": the words of packetboat.probe/1.
std::string_view name(Source source);

enum class FileState : std::uint8_t {
  absent,       // no such host, or it says that there is no such file
  found,        // read
  wants_login,  // autodiscover of Exchange: 401
  unreachable,  // no connection, no answer in time, too many redirects
  insecure,     // no valid certificate, or a redirect to something that is not https
  unreadable,   // an answer that is not that file, or too long
  refers,       // autodiscover: to another address
};
/// "absent", "found", "wants-login" ...
std::string_view name(FileState state);
struct PublishedFile {
  FileState state = FileState::absent;
  std::string url;  // where it was found, or of the failure that says most; raw
  PublishedSettings settings;
};

struct DomainFacts {
  RelayFacts relay;  // domain, MX, TLSA, MTA-STS; its hosts are not probed here
  std::vector<PublishedServer> srv;
  PublishedFile autoconfig, autodiscover;
  bool tlsrpt = false;  // a valid record
};

/// One statement that the measurement contradicts. One of a host or port that was not measured,
/// or not reached from here, is contradicted by nothing.
struct Difference {
  Source source = Source::srv;
  PublishedServer says;
  enum class Kind : std::uint8_t {
    not_offered,     // connected or refused, but no mail could be handed in there
    other_security,  // it works with the other kind of encryption
    in_the_clear,    // the file tells programs not to encrypt
  } kind = Kind::not_offered;
  Security measured = Security::none;
};
std::string_view name(Difference::Kind kind);
struct Comparison {
  std::vector<Difference> differences;
  bool confirmed = false;  // one statement at least was measured to be true
};
Comparison compare(DomainFacts const& domain, ProbeFacts const& facts, Verdict const& verdict);
/// The facts, one line each, and the differences as sentences.
std::string domain_screen(text::Language language, DomainFacts const& domain,
                          Comparison const& comparison);
}  // namespace pb::advisor
