// browser.js: a headless Chromium opens docs/which-port/index.html from file://, as a person without a terminal does: in three
// languages it chooses WordPress, a cloud and a provider and reads the port; it pastes errors and reads their causes; and the
// page asks the network for nothing. Usage: node browser.js TOP [CHROMIUM]; 77: skipped.
// Not here: all samples of all rows (check.js, without a browser).
'use strict';
const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const top = path.resolve(process.argv[2]);
const program = process.argv[3] || 'chromium';

/// The devtools protocol over Chromium's own pipe: JSON, ended by a zero byte.
class Browser {
  constructor(profile) {
    this.process = spawn(program, ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync', '--remote-debugging-pipe',
      `--user-data-dir=${profile}`], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    this.waiting = new Map();
    this.requests = [];
    this.onLoad = () => {};
    this.number = 0;
    let text = '';
    this.process.stdio[4].on('data', (data) => {
      text += data;
      const parts = text.split('\0');
      text = parts.pop();
      parts.forEach((part) => this.hear(JSON.parse(part)));
    });
  }
  hear(message) {
    if (message.method === 'Network.requestWillBeSent') this.requests.push(message.params.request.url);
    if (message.method === 'Page.loadEventFired') this.onLoad();
    const wanted = this.waiting.get(message.id);
    if (!wanted) return;
    this.waiting.delete(message.id);
    if (message.error) wanted.reject(new Error(message.error.message));
    else wanted.resolve(message.result);
  }
  ask(method, params = {}) {
    const id = ++this.number;
    this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId: this.session }) + '\0');
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }
  async open(url) {
    const { targetId } = await this.ask('Target.createTarget', { url: 'about:blank' });
    this.session = (await this.ask('Target.attachToTarget', { targetId, flatten: true })).sessionId;
    await this.ask('Network.enable');
    await this.ask('Page.enable');
    const loaded = new Promise((resolve) => { this.onLoad = resolve; });
    await this.ask('Page.navigate', { url });
    await loaded;
  }
  async run(expression) {
    const { result, exceptionDetails } = await this.ask('Runtime.evaluate', { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception.description);
    return result.value;
  }
}

let wrong = 0;
let checks = 0;
function expect(good, what) {
  ++checks;
  if (!good) ++wrong;
  console.log(`${good ? 'ok   ' : 'wrong'} ${what}`);
}
const choose = (id, value) => `{ const box = document.getElementById('${id}'); box.value = '${value}';
  box.dispatchEvent(new Event('change')); }`;
const shown = (id) => `document.getElementById('${id}').innerText`;

// What is chosen, and the port that the answer must begin with.
const CHOICES = [
  { program: 'wordpress', network: 'digitalocean', provider: 'sendgrid', port: '2525' },
  { program: 'wordpress', network: '', provider: 'gmail', port: '587' },
];
// What is pasted, and the fault that the page must name.
const ERRORS = [
  ['SMTP Error: Could not connect to SMTP host. Connection timed out (110)', 'port-blocked-here'],
  ['SSL routines:ssl3_get_record:wrong version number', 'implicit-tls-on-starttls-port'],
  ['535 5.7.8 Error: authentication failed', 'login-refused'],
  ['the weather is fine today', ''],
];
const LANGUAGES = {
  en: { word: 'Use port', button: 0, cause: /[a-z]{4}/ },
  'zh-Hant': { word: '連接埠', button: 1, cause: /[\u4e00-\u9fff]{4}/ },
  'zh-Hans': { word: '端口', button: 2, cause: /[\u4e00-\u9fff]{4}/ },
};

async function inLanguage(browser, tag, language) {
  await browser.run(`document.querySelectorAll('#languages button')[${language.button}].click()`);
  expect(await browser.run('document.documentElement.lang') === tag, `${tag}: the page says so`);
  for (const one of CHOICES) {
    for (const id of ['program', 'network', 'provider']) await browser.run(choose(id, one[id]));
    const answer = (await browser.run(shown('advice'))).split('\n')[0];
    expect(answer.includes(language.word) && answer.includes(one.port),
      `${tag}: ${one.program}, ${one.network || 'anywhere'}, ${one.provider}: ${answer}`);
  }
  for (const [text, fault] of ERRORS) {
    await browser.run(`{ const box = document.getElementById('error'); box.value = ''; box.focus(); }`);
    await browser.ask('Input.insertText', { text });
    const lines = (await browser.run(shown('explanation'))).split('\n').filter((line) => line);
    const named = await browser.run(`document.querySelector('#explanation code')?.innerText || ''`);
    expect(named === fault && language.cause.test(lines[0] || ''), `${tag}: "${text.slice(0, 40)}": ${named || '-'}: ${lines[0]}`);
  }
}

function skipped() {
  if (spawnSync(program, ['--version']).status === 0) return false;
  console.log('SKIPPED page in Chromium: missing package (chromium)');
  if (process.env.PB_SKIPS) fs.appendFileSync(process.env.PB_SKIPS, 'page in Chromium: missing package (chromium)\n');
  return true;
}

async function main() {
  if (skipped()) process.exit(77);
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'packetboat-chromium-'));
  const browser = new Browser(profile);
  const late = setTimeout(() => { console.log('wrong: not within 150 s'); browser.process.kill('SIGKILL'); process.exit(1); }, 150000);
  try {
    await browser.open(`file://${top}/docs/which-port/index.html`);
    for (const [tag, language] of Object.entries(LANGUAGES)) await inLanguage(browser, tag, language);
    const foreign = browser.requests.filter((url) => !url.startsWith('file://'));
    expect(foreign.length === 0, `it asks the network for nothing (${browser.requests.length} file)`);
  } finally {
    clearTimeout(late);
    const ended = new Promise((resolve) => browser.process.once('exit', resolve));
    browser.process.kill('SIGKILL');
    await ended;
    fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
  console.log(`SUITE page in Chromium: ${checks - wrong} of ${checks} right`);
  process.exit(wrong ? 1 : 0);
}
main().catch((error) => { console.log(error); process.exit(1); });
