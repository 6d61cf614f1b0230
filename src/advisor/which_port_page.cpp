// which_port_page.cpp: the tables as JSON inside a page whose script repeats two small functions
// of ours: choices() and explain(). Text enters the page only through textContent.
// Spec: which_port_page.hpp; HTML living standard (a "</" inside the data is written "<\/").
// Tests: which_port_page_test.cpp
#include "advisor/which_port_page.hpp"

#include <fmt/format.h>

#include "advisor/explain.hpp"
#include "advisor/messages.hpp"
#include "advisor/programs.hpp"
#include "advisor/providers.hpp"

namespace pb::advisor {
namespace {
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string in_all(text::Text const& text) {
  std::string out = "[";
  for (auto language : text::all_languages) {
    out += (out.size() > 1 ? "," : "") + in_quotes(text.in(language));
  }
  return out + "]";
}

template <typename Rows, typename Write>
std::string array(Rows const& rows, Write write) {
  std::string out = "[";
  for (auto const& row : rows) out += (out.size() > 1 ? ",\n" : "") + write(row);
  return out + "]";
}

std::string events(std::span<PortEvent const> history) {
  return array(history, [](PortEvent const& event) {
    return fmt::format("[{},{},{}]", event.year, in_quotes(event.source), in_all(event.what));
  });
}

std::string data() {
  std::string out = "{\"ports\":";
  out += array(ports(), [](PortInfo const& port) {
    return fmt::format("{{\"port\":{},\"security\":{},\"purpose\":{},\"who\":{},\"history\":{}}}",
                       port.port, in_quotes(label(port.security)), in_all(port.purpose),
                       in_all(port.who), events(port.history));
  });
  out += ",\"providers\":" + array(providers(), [](Provider const& provider) {
           std::string offers;
           bool const code = provider.login == LoginRule::authorization_code;
           int const key = provider.sending_service ? 2 : code ? 1 : 0;
           for (auto const& offer : provider.offers) {
             if (offer.port == 0) continue;
             offers += fmt::format("{}[{},{}]", offers.empty() ? "" : ",", offer.port,
                                   in_quotes(label(offer.security)));
           }
           return fmt::format(
               "{{\"id\":{},\"name\":{},\"host\":{},\"offers\":[{}],\"login\":{},"
               "\"key\":{}}}",
               in_quotes(provider.id), in_quotes(provider.name), in_quotes(provider.host), offers,
               in_all(login_text(provider.login)), key);
         });
  out +=
      ",\"networks\":" + array(networks(), [](NetworkPolicy const& network) {
        auto const blocked = [](Policy policy) { return policy == Policy::blocked ? 1 : 0; };
        return fmt::format(
            "{{\"id\":{},\"name\":{},\"blocked\":{{\"25\":{},\"465\":{},\"587\":{},\"2525\":{}}},"
            "\"lift\":{},\"seen\":{}}}",
            in_quotes(network.id), in_quotes(network.name), blocked(network.p25),
            blocked(network.p465), blocked(network.p587), blocked(network.p2525),
            in_all(network.lift), in_quotes(network.seen));
      });
  out += ",\"programs\":" + array(programs(), [](Program const& program) {
           return fmt::format("{{\"id\":{},\"name\":{},\"STARTTLS\":{},\"SSL/TLS\":{}}}",
                              in_quotes(program.id), in_quotes(program.name),
                              in_quotes(program.starttls), in_quotes(program.implicit_tls));
         });
  out += ",\"faults\":{";
  bool first = true;
  for (auto const& fault : faults()) {
    out += fmt::format("{}{}:[{},{}]", first ? "" : ",\n", in_quotes(fault.name),
                       in_all(fault.title), in_all(fault.advice));
    first = false;
  }
  out += "},\"symptoms\":" + array(symptoms(), [](Symptom const& symptom) {
           return fmt::format("[{},{},{}]", in_quotes(name(symptom.fault)), in_quotes(symptom.text),
                              static_cast<int>(symptom.weight));
         });
  out += ",\"words\":{";
  first = true;
  for (auto const& message : catalogue) {
    bool const used = message.id.starts_with("advise.") || message.id.starts_with("explain.") ||
                      message.id.starts_with("page.") || message.id.starts_with("col.") ||
                      message.id.starts_with("ports.");
    if (!used) continue;
    out += fmt::format("{}{}:{}", first ? "" : ",\n", in_quotes(message.id), in_all(message.text));
    first = false;
  }
  return out + "}}";
}

constexpr std::string_view head = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Which port? 587, 465, 2525, 25</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
label { display: block; margin: .6rem 0; }
select, textarea { font: inherit; width: 100%; box-sizing: border-box; padding: .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: .35rem .6rem; }
tr { border-bottom: 1px solid #8886; }
.answer { border-inline-start: 4px solid #2a7; padding: .2rem 1rem; margin: 1rem 0; }
.answer strong { font-size: 1.15rem; }
nav button { font: inherit; margin-inline-end: .4rem; }
small { opacity: .75; }
</style>
</head>
<body>
<nav id="languages" aria-label="language"></nav>
<main>
<h1 data-word="page.title"></h1>
<label><span data-word="advise.ask_program"></span> <select id="program"></select></label>
<label><span data-word="advise.ask_where"></span> <select id="network"></select></label>
<label><span data-word="advise.ask_provider"></span> <select id="provider"></select></label>
<section class="answer" id="advice" aria-live="polite"></section>
<h2 data-word="page.paste"></h2>
<textarea id="error" rows="4" aria-labelledby="error"></textarea>
<section class="answer" id="explanation" aria-live="polite"></section>
<h2 data-word="page.table"></h2>
<table><thead><tr><th data-word="col.port"></th><th data-word="col.encryption"></th>
<th data-word="col.purpose"></th></tr></thead><tbody id="ports"></tbody></table>
<p data-word="ports.founding"></p><p data-word="ports.rfc8314"></p><p data-word="ports.equal"></p>
</main>
<script id="data" type="application/json">
)";

constexpr std::string_view script = R"(
</script>
<script>
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const tags = ['en', 'zh-Hant', 'zh-Hans'];
const names = ['English', '繁體中文', '简体中文'];
let language = 0;
const wish = (new URLSearchParams(location.search).get('lang') || navigator.language || 'en');
if (/^zh/i.test(wish)) language = /hant|tw|hk|mo/i.test(wish) ? 1 : 2;
const say = (text, ...values) => text[language].replace(/\{(\d)\}/g, (_, n) => values[n]);
const word = (id, ...values) => say(data.words[id], ...values);
const element = id => document.getElementById(id);
function add(parent, tag, text) {
  const child = document.createElement(tag);
  child.textContent = text;
  parent.append(child);
  return child;
}
function fill(id, rows) {
  const select = element(id), chosen = select.value;
  select.replaceChildren();
  add(select, 'option', '-').value = '';
  for (const row of rows) add(select, 'option', row.name).value = row.id;
  select.value = chosen;
}
const order = [587, 2525, 465];
function choices(program, network, provider) {
  let all = provider ? provider.offers
    : order.map(port => [port, data.ports.find(p => p.port === port).security]);
  all = all.filter(([, security]) => !program || program[security]);
  const place = port => order.includes(port) ? order.indexOf(port) : order.length;
  const blocked = port => network && network.blocked[port] ? 1 : 0;
  return all.map((offer, index) => ({ offer, index })).sort((a, b) =>
    blocked(a.offer[0]) - blocked(b.offer[0]) || place(a.offer[0]) - place(b.offer[0])
      || a.index - b.index).map(row => row.offer);
}
function advise() {
  const find = (id, rows) => rows.find(row => row.id === element(id).value);
  const program = find('program', data.programs), network = find('network', data.networks);
  const provider = find('provider', data.providers), out = element('advice');
  const all = choices(program, network, provider);
  const blocked = port => network && network.blocked[port];
  out.replaceChildren();
  if (!all.length || blocked(all[0][0])) {
    add(out, 'strong', word('advise.none_left', provider ? provider.name : '-',
      network ? network.name : '-'));
  } else {
    const [port, security] = all[0];
    add(out, 'strong', word('advise.use', port, security));
    if (provider) add(out, 'p', word('advise.host') + ' ' + provider.host);
    if (program) add(out, 'p', word('advise.word', program.name, program[security]));
    if (provider) add(out, 'p', word('advise.login') + ' – ' + say(provider.login));
    const rest = all.slice(1).filter(([p]) => !blocked(p))
      .map(([p, s]) => word('advise.port_with', p, s)).join(word('advise.or'));
    if (rest) add(out, 'p', word('advise.else', rest));
  }
  if (!network) return;
  const ports = Object.keys(network.blocked).filter(blocked).join(', ');
  if (ports) {
    add(out, 'p', word('advise.blocked', network.name, ports, network.seen));
    add(out, 'p', word('advise.lift', say(network.lift)));
  }
}
function fold(text) {
  return text.replace(/&(lt|gt|amp|quot|nbsp|apos|#\w+);/g, ' ').normalize('NFKC').toLowerCase()
    .replace(/[^\p{L}\p{N}*]/gu, '');
}
const patterns = data.symptoms.map(([fault, text, weight]) =>
  ({ fault, weight, parts: text.split(' * ').map(fold) }));
const size = pattern => pattern.parts.join('').length;
function matches(text, pattern) {
  let at = 0;
  for (const [i, part] of pattern.parts.entries()) {
    const next = text.indexOf(part, at);
    if (next < 0 || (i > 0 && next - at > 500)) return false;
    at = next + part.length;
  }
  return true;
}
// "_ssl.c:1006" is a line of a program, not a port.
const port = new RegExp('(?:(?<=[a-z\\]\\d])(?<!\\.(?:c|js|py|php|go|java|rb|cs|ts)):|' +
  'port:? ?|埠 ?|端口 ?)(\\d{2,5})\\b', 'gi');
const named = text => [...text.matchAll(port)].map(m => +m[1]);
function sharpen(fault, text) {
  const at = data.providers.find(row => text.toLowerCase().includes(row.host));
  const loopback = /127\.0\.0\.1|localhost|[ [(]::1/i.test(text);
  const tls = named(text).some(n => data.ports.some(p => p.port === n && p.security === 'SSL/TLS'));
  switch (fault) {
    case 'connection-refused': return loopback ? 'loopback-refused' : fault;
    case 'host-unreachable':
    case 'network-unreachable':
      return /\b[23][0-9a-f]{3}:[0-9a-f]*:/i.test(text) ? 'ipv6-broken' : fault;
    case 'login-refused':
      if (!at || !at.key) return fault;
      return at.key === 2 ? 'service-key-required' : 'authorization-code-required';
    case 'cert-name-mismatch':
      if (loopback || /\b\d+\.\d+\.\d+\.\d+\b/.test(text)) return 'cert-for-name-not-address';
      return at ? 'smtp-redirected' : fault;
    case 'cleartext-on-tls-port':
      return named(text).length && !tls ? 'silent-after-connect' : fault;
  }
  return fault;
}
function foreign(text) {
  if (/smtp|mail|starttls|submission/i.test(text)) return false;
  const ports = named(text);
  const mail = p => p !== 443 && p !== 80 && data.ports.some(row => row.port === p);
  if (ports.some(mail)) return false;
  const others = /https?:|mysql|postgres|redis|mongodb|ssh|imap|pop3|ftp|docker|npm/i;
  return ports.length > 0 || others.test(text);
}
function explain() {
  const text = element('error').value.slice(0, 200000), out = element('explanation');
  out.replaceChildren();
  if (!text.trim()) return;
  const folded = fold(text), other = foreign(text);
  const whole = patterns.find(p => p.weight === 3 && p.parts[0] === folded);
  const found = whole ?? patterns
    .filter(p => p.weight < 3 && !(p.weight === 0 && other) && matches(folded, p))
    .sort((a, b) => b.weight - a.weight || size(b) - size(a))[0];
  if (!found) {
    add(out, 'strong', word('explain.unknown'));
    add(out, 'p', word('explain.unknown_next'));
    return;
  }
  const fault = sharpen(found.fault, text);
  const [title, advice] = data.faults[fault];
  add(out, 'strong', say(title));
  add(out, 'p', say(advice));
  if (fault.startsWith('cert-')) add(out, 'p', word('explain.not'));
  add(add(out, 'p', word('explain.fault_name') + ' '), 'code', fault);
}
function render() {
  document.documentElement.lang = tags[language];
  for (const node of document.querySelectorAll('[data-word]')) {
    node.textContent = word(node.dataset.word);
  }
  element('languages').replaceChildren();
  names.forEach((name, i) => {
    const button = add(element('languages'), 'button', name);
    button.setAttribute('aria-pressed', String(i === language));
    button.lang = tags[i];
    button.onclick = () => { language = i; render(); };
  });
  fill('program', data.programs);
  fill('network', data.networks);
  fill('provider', data.providers);
  const body = element('ports');
  body.replaceChildren();
  for (const port of data.ports) {
    const row = add(body, 'tr', '');
    add(row, 'td', port.port);
    add(row, 'td', port.security);
    const cell = add(row, 'td', say(port.purpose));
    for (const [year, source, what] of port.history) {
      add(add(cell, 'div', ''), 'small', `${year || '–'} ${source}: ${say(what)}`);
    }
  }
  advise();
  explain();
}
for (const id of ['program', 'network', 'provider']) element(id).onchange = advise;
element('error').oninput = explain;
render();
</script>
</body>
</html>
)";
}  // namespace

std::string which_port_page() { return std::string{head} + data() + std::string{script}; }
}  // namespace pb::advisor
