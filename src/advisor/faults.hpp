// faults.hpp: the closed list of what can be wrong between a program and its mail server.
// Spec: docs/reference/faults.md (made from this table by `packetboat faults --markdown`).
// Not here: how a fault is measured (verdict.hpp) or read from an error text (explain.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "text/message.hpp"

namespace pb::advisor {
/// In the order of the ladder: names, TCP, middleboxes, greeting, EHLO, TLS, certificate, login,
/// sending, settings. A fault's name is stable: scripts depend on it.
enum class Fault : std::uint8_t {
  // faults_reach.cpp
  name_not_found,
  name_has_no_address,
  dns_server_failed,
  dns_no_answer,
  dns_answers_differ,
  dnssec_bogus,
  name_malformed,
  name_is_loopback,
  name_is_private,
  search_domain_added,
  no_network,
  this_computer_refuses_all,
  local_firewall,
  local_policy,
  port_blocked_here,
  ports_465_and_25_blocked,
  all_submission_ports_blocked,
  host_silent,
  network_unreachable,
  ipv6_no_route,
  ipv6_broken,
  host_unreachable,
  firewall_refuses,
  loopback_refused,
  connection_refused,
  port_refused_by_icmp,
  one_address_dead,
  middlebox_answers_all,
  captive_portal,
  smtp_redirected,
  // faults_talk.cpp
  silent_after_connect,
  web_server_answers,
  other_service_answers,
  closed_on_connect,
  reset_on_connect,
  greeting_refused,
  greeting_try_later,
  too_many_connections,
  greeting_not_smtp,
  greeting_slow,
  ehlo_refused,
  ehlo_no_answer,
  ehlo_endless,
  closed_after_ehlo,
  starttls_stripped,
  starttls_not_offered,
  starttls_refused,
  starttls_no_answer,
  starttls_injection,
  tls_closed,
  tls_reset,
  tls_silent,
  tls_version_too_old,
  tls_no_common_cipher,
  tls_weak_key,
  tls_not_spoken,
  tls_refused,
  tls_client_certificate_wanted,
  // faults_certificate.cpp
  cert_ca_store_old,
  cert_missing_intermediate,
  cert_intercepted,
  cert_self_signed,
  cert_unknown_issuer,
  cert_name_mismatch,
  cert_for_name_not_address,
  cert_expired,
  cert_not_yet_valid,
  clock_wrong,
  cert_not_for_servers,
  cert_expires_soon,
  certs_differ_between_ports,
  gmail_send_as_certificate,
  implicit_tls_on_starttls_port,
  cleartext_on_tls_port,
  starttls_required,
  starttls_on_tls_port,
  no_tls_in_program,
  both_tls_flags,
  laravel_scheme,
  tls_was_optional,
  // faults_login.cpp
  auth_not_offered,
  auth_no_password_method,
  auth_offered_in_clear,
  login_refused,
  app_password_required,
  smtp_auth_disabled,
  microsoft_login_refused,
  too_many_logins,
  closed_after_login,
  authorization_code_required,
  service_key_required,
  smtp_service_off,
  ehlo_name_refused,
  address_blocklisted,
  relay_denied,
  sender_not_owned,
  sender_must_be_login,
  content_refused,
  accepted_not_arrived,
  php_mail_off,
  outlook_code,
};

/// Who can act, and how grave it is; decides the exit code of probe.
enum class Kind : std::uint8_t {
  here,      // this computer: exit code 4 when nothing else works
  network,   // between here and there
  server,    // over there
  danger,    // somebody reads or changes the traffic, or the certificate is wrong: exit code 3
  login,     // the account
  settings,  // the program's own settings
  note       // works, and is worth a word
};

struct FaultInfo {
  Fault fault;
  std::string_view name;  // kebab-case
  std::string_view rows;  // of the symptom table, comma-separated; "-" where it has none
  Kind kind;
  text::Text title;   // what happened, one sentence
  text::Text advice;  // what to do
};

/// All of them, in the order of Fault.
std::span<FaultInfo const> faults();
FaultInfo const& info(Fault fault);
inline std::string_view name(Fault fault) { return info(fault).name; }
std::optional<Fault> fault_by_name(std::string_view name);
std::string_view name(Kind kind);
}  // namespace pb::advisor
