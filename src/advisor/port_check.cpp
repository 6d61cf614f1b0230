// port_check.cpp: the PHP text, and the words of our own tables put into it.
// Spec: port_check.hpp; the ladder of docs/reference/command-line.md as far as PHP's streams can
// climb it.
// Tests: tests/fault_lab/port_check_test.py
#include "advisor/port_check.hpp"

#include <fmt/format.h>

#include "advisor/faults.hpp"
#include "advisor/messages.hpp"

namespace pb::advisor {
namespace {
constexpr std::string_view head = R"PHP(<?php
// Packetboat port check. Upload it under a name that nobody guesses, open it once in a browser,
// then delete it; after an hour it deletes itself. It sends no password and no mail.
// ?json=1 gives packetboat.probe/1, which `packetboat explain --from-json` reads.
error_reporting(0);
if (time() - filemtime(__FILE__) > 3600) {
  unlink(__FILE__);
  exit('This file was older than an hour and has deleted itself. Upload it again to measure.');
}
)PHP";

constexpr std::string_view body = R"PHP(
$patience = 10;

function context($host, $verify) {
  return stream_context_create(['ssl' => [
    'verify_peer' => $verify, 'verify_peer_name' => $verify, 'allow_self_signed' => !$verify,
    'peer_name' => $host, 'SNI_enabled' => true,
    'capture_peer_cert' => true]]);
}

// One line of a reply, or '' at its end, or null in silence.
function line($socket) {
  $line = fgets($socket, 4096);
  if ($line !== false) return $line;
  $state = stream_get_meta_data($socket);
  return $state['timed_out'] ? null : '';
}

// [code, text]; code 0: no SMTP; -1: silence; -2: closed.
function reply($socket) {
  $text = '';
  for ($i = 0; $i < 100; $i++) {
    $line = line($socket);
    if ($line === null) return [-1, $text];
    if ($line === '') return [$text === '' ? -2 : 0, $text];
    $text .= $line;
    if (!preg_match('/^[2-5][0-9][0-9][ -]/', $line)) {
      return [preg_match('/^[2-5][0-9][0-9]$/', rtrim($line)) ? (int)$line : 0, $text];
    }
    if ($line[3] === ' ') return [(int)substr($line, 0, 3), $text];
  }
  return [0, $text];
}

function tcp_fault($number, $text) {
  if (stripos($text, 'getaddrinfo') !== false) return ['unknown', 'name-not-found'];
  if (in_array($number, [111, 61, 10061])) return ['refused', 'connection-refused'];
  if (in_array($number, [101, 10051])) return ['unreachable', 'network-unreachable'];
  if (in_array($number, [113, 10065])) return ['unreachable', 'host-unreachable'];
  if ($number === 13) return ['local-policy', 'local-policy'];
  if ($number === 1) return ['local-policy', 'local-firewall'];
  return ['timeout', 'host-silent'];
}

function greeting_fault($code, $text) {
  if ($code === 220) return null;
  if ($code === -2) return 'closed-on-connect';
  if ($code === -1) return 'silent-after-connect';
  if (stripos($text, 'HTTP/') === 0) return 'web-server-answers';
  if (preg_match('/^(\* OK|\+OK|SSH-)/', $text)) return 'other-service-answers';
  if ($code >= 500) return 'greeting-refused';
  if ($code >= 400) return 'greeting-try-later';
  return 'greeting-not-smtp';
}

function same_name($pattern, $host) {
  $pattern = strtolower($pattern);
  $host = strtolower($host);
  if ($pattern === $host) return true;
  $dot = strpos($host, '.');
  $wild = strpos($pattern, '*.') === 0 && $dot !== false;
  return $wild && substr($pattern, 1) === substr($host, $dot);
}

function certificate_fault($socket, $host) {
  $options = stream_context_get_options($socket);
  if (!isset($options['ssl']['peer_certificate'])) return 'tls-refused';
  $leaf = openssl_x509_parse($options['ssl']['peer_certificate']);
  if ($leaf['validTo_time_t'] < time()) return 'cert-expired';
  if ($leaf['validFrom_time_t'] > time()) return 'cert-not-yet-valid';
  if ($leaf['subject'] == $leaf['issuer']) return 'cert-self-signed';
  $names = '';
  if (isset($leaf['extensions']['subjectAltName'])) $names = $leaf['extensions']['subjectAltName'];
  $matches = false;
  foreach (explode(',', $names) as $name) {
    $name = preg_replace('/^(DNS|IP Address):/', '', trim($name));
    $matches = $matches || same_name($name, $host);
  }
  return $matches ? 'cert-unknown-issuer' : 'cert-name-mismatch';
}

function starttls_fault($text) {
  $masked = preg_match('/^250[ -]X{4,}/mi', $text);
  return $masked ? 'starttls-stripped' : 'starttls-not-offered';
}

// Up to TLS; with $verify false only to look at the certificate. Returns a row.
function climb($host, $port, $verify) {
  global $patience;
  $row = ['port' => $port, 'family' => 'ipv4', 'address' => '', 'tcp' => 'open',
          'security' => 'none', 'fault' => null, 'faults' => [], 'notes' => [], 'greeting' => ''];
  $context = context($host, $verify);
  $target = "tcp://$host:$port";
  $socket = stream_socket_client($target, $number, $text, 5, STREAM_CLIENT_CONNECT, $context);
  if (!$socket) {
    list($row['tcp'], $row['fault']) = tcp_fault($number, $text);
    return $row;
  }
  $peer = stream_socket_get_name($socket, true);
  $row['address'] = trim(substr($peer, 0, (int)strrpos($peer, ':')), '[]');
  $row['family'] = strpos($row['address'], ':') === false ? 'ipv4' : 'ipv6';
  stream_set_timeout($socket, $patience);
  if ($port !== 465) {
    list($code, $text) = reply($socket);
    $row['greeting'] = trim($text);
    if ($code === -1) {  // who waits for the other side to begin: a web server does
      fwrite($socket, "EHLO [127.0.0.1]\r\n\r\n");
      list(, $text) = reply($socket);
      if (stripos($text, 'HTTP/') !== 0) $text = '';
    }
    $silent = $code === -1 && $text === '';
    if ($row['fault'] = greeting_fault($code === -1 && !$silent ? 0 : $code, $text)) return $row;
    $masked_banner = strpos($text, '****') !== false;
    fwrite($socket, "EHLO [127.0.0.1]\r\n");
    list($code, $text) = reply($socket);
    if ($code === -1) $row['fault'] = 'ehlo-no-answer';
    elseif ($code === -2) $row['fault'] = 'closed-after-ehlo';
    elseif ($code !== 250) $row['fault'] = 'ehlo-refused';
    elseif (!preg_match('/^250[ -]STARTTLS/mi', $text)) {
      $row['fault'] = $masked_banner ? 'starttls-stripped' : starttls_fault($text);
    }
    if ($row['fault']) {
      $row['security'] = 'cleartext';
      return $row;
    }
    fwrite($socket, "STARTTLS\r\n");
    list($code, $text) = reply($socket);
    if ($code === -1) $row['fault'] = 'starttls-no-answer';
    elseif ($code !== 220) $row['fault'] = 'starttls-refused';
    if ($row['fault']) return $row;
  }
  stream_set_blocking($socket, true);
  $done = stream_socket_enable_crypto($socket, true, STREAM_CRYPTO_METHOD_TLS_CLIENT);
  if ($done !== true) {
    $row['fault'] = 'tls-refused';
    return $row;
  }
  $row['security'] = $port === 465 ? 'implicit-tls' : 'starttls';
  if (!$verify) {
    $row['fault'] = certificate_fault($socket, $host);
    $row['security'] = 'none';
    return $row;
  }
  if ($port === 465) {
    list($code, $text) = reply($socket);
    $row['greeting'] = trim($text);
    $row['fault'] = greeting_fault($code, $text);
  }
  if (!$row['fault']) fwrite($socket, "QUIT\r\n");
  return $row;
}

function measure($host, $port) {
  $row = climb($host, $port, true);
  if ($row['fault'] === 'tls-refused') $row = climb($host, $port, false);
  $row['greeting'] = substr(preg_replace('/[^\x20-\x7e]/', '?', $row['greeting']), 0, 512);
  if ($row['fault']) $row['faults'] = [$row['fault']];
  return $row;
}

$rows = [];
$open = false;
foreach ($ports as $port) {
  $rows[] = measure($host, $port);
  $open = $open || end($rows)['tcp'] === 'open';
}
foreach ($rows as &$row) {
  if ($row['fault'] !== 'host-silent' || !$open) continue;
  $row['fault'] = 'port-blocked-here';
  $row['faults'] = [$row['fault']];
}
unset($row);
$advice = null;
foreach ($rows as $row) {
  if (!$advice && $row['port'] !== 25 && !$row['fault']) {
    $advice = ['port' => $row['port'], 'security' => $row['security'], 'reason' => 'first-choice'];
  }
}
if (isset($_GET['json'])) {
  header('Content-Type: application/json');
  exit(json_encode(['schema' => 'packetboat.probe/1', 'target' => $host, 'host' => $host,
    'time' => time(), 'from' => 'php', 'faults' => [], 'notes' => [], 'ports' => $rows,
    'advice' => $advice]) . "\n");
}
$accept = '';
if (isset($_SERVER['HTTP_ACCEPT_LANGUAGE'])) $accept = $_SERVER['HTTP_ACCEPT_LANGUAGE'];
$lang = isset($_GET['lang']) ? $_GET['lang'] : '';
if (!isset($words[$lang])) {
  $lang = preg_match('/^zh-(tw|hk|mo|hant)/i', $accept) ? 'zh-Hant' : 'zh-Hans';
  if (stripos($accept, 'zh') !== 0) $lang = 'en';
}
$say = $words[$lang];
$names = ['starttls' => 'STARTTLS', 'implicit-tls' => 'SSL/TLS'];
header('Content-Type: text/plain; charset=utf-8');
echo $host, '  ', gmdate('Y-m-d H:i'), " UTC\n\n";
foreach ($rows as $row) {
  $what = $row['fault'] ? $say['faults'][$row['fault']] : $say['works'];
  $encryption = isset($names[$row['security']]) ? $names[$row['security']] : '-';
  echo '  ', str_pad($row['port'], 6), str_pad($row['tcp'], 12), str_pad($encryption, 10);
  echo $what, "\n";
}
echo "\n";
if ($advice) {
  $values = [$advice['port'], $names[$advice['security']]];
  echo str_replace(['{0}', '{1}'], $values, $say['use']), "\n";
} else {
  echo $say['nothing'], "\n";
}
)PHP";

/// What the PHP text can say of a port.
constexpr Fault known[] = {
    Fault::name_not_found,       Fault::connection_refused,   Fault::network_unreachable,
    Fault::host_unreachable,     Fault::local_policy,         Fault::local_firewall,
    Fault::host_silent,          Fault::port_blocked_here,    Fault::closed_on_connect,
    Fault::silent_after_connect, Fault::web_server_answers,   Fault::other_service_answers,
    Fault::greeting_refused,     Fault::greeting_try_later,   Fault::greeting_not_smtp,
    Fault::ehlo_no_answer,       Fault::closed_after_ehlo,    Fault::ehlo_refused,
    Fault::starttls_stripped,    Fault::starttls_not_offered, Fault::starttls_no_answer,
    Fault::starttls_refused,     Fault::tls_refused,          Fault::cert_expired,
    Fault::cert_not_yet_valid,   Fault::cert_self_signed,     Fault::cert_name_mismatch,
    Fault::cert_unknown_issuer,
};

std::string in_php(std::string_view text) {
  std::string out{'\''};
  for (char const c : text) {
    if (c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  return out + '\'';
}

std::string words(text::Language language) {
  std::string out = fmt::format("  {} => [\n", in_php(text::tag(language)));
  out += fmt::format("    'works' => {},\n", in_php(msg("cell.valid").in(language)));
  out += fmt::format("    'use' => {},\n", in_php(msg("advise.use").in(language)));
  out += fmt::format("    'nothing' => {},\n", in_php(msg("check.nothing").in(language)));
  out += "    'faults' => [\n";
  for (auto const fault : known)
    out += fmt::format("      {} => {},\n", in_php(name(fault)),
                       in_php(info(fault).title.in(language)));
  return out + "    ],\n  ],\n";
}
}  // namespace

std::string port_check_php(std::string_view host) {
  std::string out{head};
  out += fmt::format("$host = {};\n$ports = [587, 2525, 465, 25];\n$words = [\n", in_php(host));
  for (auto const language : text::all_languages) out += words(language);
  out += "];\n";
  return out + std::string{body};
}
}  // namespace pb::advisor
