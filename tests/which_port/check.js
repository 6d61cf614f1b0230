// check.js: runs the script of docs/which-port/index.html without a browser: a small stand-in for
// the document. Every sample of tests/vectors/explain.tsv must lead to its fault in three
// languages, texts about other things to none, and a choice to the right port.
'use strict';
const fs = require('fs');
const vm = require('vm');
const top = process.argv[2];
const read = name => fs.readFileSync(`${top}/${name}`, 'utf8');

const html = read('docs/which-port/index.html');
const data = html.match(/type="application\/json">\n([\s\S]*?)\n<\/script>/)[1];
const script = html.match(/<script>\n('use strict'[\s\S]*?)<\/script>/)[1];

function makeElement() {
  return {
    children: [], value: '', textContent: '', dataset: {}, setAttribute() {},
    append(child) { this.children.push(child); },
    replaceChildren() { this.children = []; },
  };
}
function open(language) {
  const elements = { data: { textContent: data } };
  const context = {
    document: {
      getElementById: id => (elements[id] ??= makeElement()),
      createElement: makeElement, querySelectorAll: () => [], documentElement: {},
    },
    location: { search: `?lang=${language}` }, navigator: { language: 'en' }, URLSearchParams,
  };
  vm.createContext(context);
  vm.runInContext(script, context);
  return { elements, run: code => vm.runInContext(code, context) };
}

let wrong = 0;
let checks = 0;
function expect(found, wanted, about) {
  ++checks;
  if (found === wanted) return;
  ++wrong;
  console.log(`${about}\n  found ${found}, expected ${wanted}`);
}
const lines = name => read(name).split('\n').filter(line => line && !line.startsWith('#'));
const answers = { en: 'Use port 2525', 'zh-Hant': '請用連接埠', 'zh-Hans': '请使用端口' };
for (const [language, start] of Object.entries(answers)) {
  const page = open(language);
  const explain = text => {
    page.elements.error.value = text;
    page.run('explain()');
    const rows = page.elements.explanation.children;
    return rows[rows.length - 1]?.children?.[0]?.textContent;
  };
  for (const line of lines('tests/vectors/explain.tsv')) {
    const [fault, text] = line.split('\t');
    expect(explain(text.replace(/\\n/g, '\n')), fault, text);
  }
  for (const line of lines('tests/vectors/explain_unknown.txt')) {
    expect(explain(line), undefined, line);
  }
  Object.assign(page.elements.program, { value: 'wordpress' });
  Object.assign(page.elements.network, { value: 'digitalocean' });
  Object.assign(page.elements.provider, { value: 'sendgrid' });
  page.run('advise()');
  const sentence = page.elements.advice.children[0].textContent;
  expect(sentence.startsWith(start) && sentence.includes('2525'), true, sentence);
}
console.log(`${checks - wrong} of ${checks} right`);
process.exit(wrong ? 1 : 0);
