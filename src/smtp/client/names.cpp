// names.cpp: phases and faults as logs, JSON and the journal spell them.
// Spec: transaction.hpp.                                       Not here: words for people (text/).
#include "smtp/client/transaction.hpp"

namespace pb::smtp::client {
std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::connect:
      return "connect";
    case Phase::tls:
      return "tls";
    case Phase::greeting:
      return "greeting";
    case Phase::ehlo:
      return "ehlo";
    case Phase::starttls:
      return "starttls";
    case Phase::auth:
      return "auth";
    case Phase::idle:
      return "idle";
    case Phase::rset:
      return "rset";
    case Phase::mail:
      return "mail";
    case Phase::rcpt:
      return "rcpt";
    case Phase::data:
      return "data";
    case Phase::body:
      return "body";
    case Phase::end_of_data:
      return "end_of_data";
    case Phase::quit:
      return "quit";
  }
  return "unknown";
}

std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::none:
      return "none";
    case Fault::connect_failed:
      return "connect_failed";
    case Fault::timeout:
      return "timeout";
    case Fault::connection_lost:
      return "connection_lost";
    case Fault::bad_reply:
      return "bad_reply";
    case Fault::service_closing:
      return "service_closing";
    case Fault::refused:
      return "refused";
    case Fault::tls_failed:
      return "tls_failed";
    case Fault::tls_untrusted:
      return "tls_untrusted";
    case Fault::tls_missing:
      return "tls_missing";
    case Fault::injected_plaintext:
      return "injected_plaintext";
    case Fault::auth_missing:
      return "auth_missing";
    case Fault::auth_refused:
      return "auth_refused";
    case Fault::auth_deferred:
      return "auth_deferred";
    case Fault::auth_unproven:
      return "auth_unproven";
    case Fault::too_large:
      return "too_large";
    case Fault::eight_bit_missing:
      return "eight_bit_missing";
    case Fault::utf8_address_unsupported:
      return "utf8_address_unsupported";
    case Fault::utf8_header_unsupported:
      return "utf8_header_unsupported";
    case Fault::deliverby_missing:
      return "deliverby_missing";
    case Fault::body_failed:
      return "body_failed";
    case Fault::cancelled:
      return "cancelled";
  }
  return "unknown";
}
}  // namespace pb::smtp::client
