// `refine report`: the page agrees with stats and features/, is one file that asks for nothing, has the same bytes for the same
// run, and nothing that a document holds can act in it. Looked at in headless Chromium where there is one.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import MarkdownIt from 'markdown-it';
import { parse } from 'parse5';
import { parse as parseYaml } from 'yaml';
import { packagePath } from '../../native/package-root.js';
import { type RunData, collectRun } from '../../pipeline/report/collect.js';
import { type Comparison, compareRuns } from '../../pipeline/report/compare.js';
import { edgeOf, moved } from '../../pipeline/report/distributions.js';
import { whatIf } from '../../pipeline/what-if.js';
import { readRun, type RunState } from '../../pipeline/run-folder.js';
import { readArrow } from '../../pipeline/store.js';
import { valueAt } from '../../native/batch.js';
import { counted, grouped } from '../../pipeline/report/scale.js';
import { metricName } from '../../pipeline/report/steps.js';
import { chromium, needsBrowser, openPage } from '../support/browser.js';
import { refine } from '../support/cli.js';

let folder: string;
let page: string;
let data: RunData;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refine-report-'));
  const run = await refine(['run', 'manifests/sample.yaml', '--out', join(folder, 'run'), '--workers', '1']);
  assert.equal(run.code, 0, run.stderr);
  page = await report('report.html');
  data = await collectRun(join(folder, 'run'), { samples: 4 });
});
after(() => rm(folder, { recursive: true, force: true }));

async function report(name: string, ...more: string[]): Promise<string> {
  const result = await refine(['report', join(folder, 'run'), '-o', join(folder, name), ...more]);
  assert.equal(result.code, 0, result.stderr);
  return await readFile(join(folder, name), 'utf8');
}

/** Every row of features/: step, reason and the numbers. */
async function rows(): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for (const shard of data.run.features)
    for await (const batch of readArrow(join(data.run.folder, shard.path)))
      for (let row = 0; row < batch.rows; row++)
        found.push(Object.fromEntries(Object.entries(batch.columns).map(([name, column]) => [name, valueAt(column, row)])));
  return found;
}

test('the limits that steps tell explain every drop for them, and no document beyond one was let through', async () => {
  const all = await rows();
  for (const step of data.steps) {
    for (const limit of step.limits) {
      const beyond = (row: Record<string, unknown>) => {
        const value = row[limit.feature];
        return typeof value === 'number' && (limit.op === 'min' ? value < Math.fround(limit.threshold) : value > Math.fround(limit.threshold));
      };
      const place = data.steps.indexOf(step);
      for (const row of all) {
        const fate = row.step === null ? Number.POSITIVE_INFINITY : data.steps.findIndex((one) => one.name === row.step);
        if (fate > place) assert.ok(!beyond(row), `${step.name} ${limit.column}: ${String(row.id)}`);
        if (fate === place && row.reason === limit.reason) {
          const same = step.limits.filter((one) => one.reason === limit.reason);
          assert.ok(row[limit.feature] === null || same.some((one) => one.feature === limit.feature && beyond(row)) || same.length > 1);
        }
      }
    }
  }
  assert.ok(data.distributions.every((one) => one.spared === 0));
});

test('what moving a threshold keeps is what deciding every document anew keeps, at every mark', async () => {
  const all = await rows();
  let compared = 0;
  for (const one of data.distributions) {
    const step = data.steps.find((found) => found.name === one.step);
    if (step === undefined) continue;
    const place = data.steps.indexOf(step);
    const fate = (row: Record<string, unknown>) => (row.step === null ? Number.POSITIVE_INFINITY : data.steps.findIndex((found) => found.name === row.step));
    const reached = all.filter((row) => fate(row) >= place && typeof row[one.column] === 'number');
    for (const limit of one.limits) {
      for (let edge = 0; edge < one.edges.length; edge++) {
        const { label, at } = one.edges[edge]!;
        if ((limit.op === 'max') !== edge >= one.firstUpper) continue;
        const passes = (row: Record<string, unknown>): boolean => {
          if (fate(row) === place && !step.limits.some((other) => other.reason === row.reason)) return false; // dropped for no limit
          return step.limits.every((other) => {
            const value = row[other.feature] as number;
            const threshold = other === limit ? Math.fround(label) : Math.fround(other.threshold);
            return other.op === 'min' ? value >= threshold : value <= threshold;
          });
        };
        const found = moved(one, limit, edge);
        assert.equal(found.passed, reached.filter(passes).length, `${one.step} ${one.column} ${limit.op} ${label} (${at})`);
        assert.equal(found.kept, reached.filter((row) => row.step === null && passes(row)).length);
        compared++;
      }
      assert.equal(one.edges[edgeOf(one, limit)]!.label, limit.threshold);
    }
  }
  assert.ok(compared > 300, String(compared));
});

test('moving a threshold says what `refine stats --what-if` says, with features: all also of later rules', async () => {
  const looser = await otherRun();
  for (const [of, run] of [
    [data, data.run],
    [await collectRun(looser, { samples: 0 }), await readRun(looser)],
  ] as const) {
    let compared = 0;
    for (const one of of.distributions) {
      const place = of.steps.findIndex((step) => step.name === one.step);
      const rules = run.lock.steps.findLastIndex(({ stage }) => stage === 'lines');
      if (!['langid', 'repetition', 'quality'].includes(one.step ?? '')) continue;
      for (const limit of one.limits) {
        const stops = one.edges
          .map((_, edge) => edge)
          .filter((edge) => (limit.op === 'max') === edge >= one.firstUpper && Number.isFinite(one.edges[edge]!.label));
        for (const edge of [stops[0]!, stops[stops.length >> 1]!, stops.at(-1)!]) {
          const option = one.step === 'langid' ? 'min-prob' : `${limit.reason}${one.limits.length > 1 ? `.${limit.op}` : ''}`;
          const both = one.limits.map((other) => (other === limit ? one.edges[edge]!.label : other.threshold));
          if (both.length > 1 && both[0]! > both[1]!) continue;
          const answer = await whatIf(run, [`${one.step}.${option}=${one.edges[edge]!.label}`]);
          const found = moved(one, limit, edge);
          assert.equal(answer.steps[place]!.out, found.passed, `${one.step}.${option}=${one.edges[edge]!.label}`);
          if (of === data) assert.equal(found.doomed, null);
          else if (edge >= edgeOf(one, limit) === (limit.op === 'max')) {
            const ran = of.stats.steps![rules]!.out;
            assert.equal(answer.steps[rules]!.out, ran + found.freed - found.doomed!, `${one.step}.${option}=${one.edges[edge]!.label}`);
          }
          compared++;
        }
      }
    }
    assert.ok(compared > 50, String(compared));
  }
});

test('the funnel of the page is that of stats', async () => {
  const text = page.replace(/<[^>]*>/g, ' ');
  for (const step of data.stats.steps!)
    for (const [reason, count] of Object.entries(step.drops)) {
      assert.ok(page.includes(`>${reason.slice(step.step.length + 1)}</a>`), reason);
      assert.ok(text.includes(`Dropped ${count} document`), reason);
      assert.ok(page.includes(`id="reason-${reason.replace('/', '--')}"`), reason);
    }
});

test('the same run gives the same page, but for wall times, which --no-times leaves out', async () => {
  const again = await refine(['run', 'manifests/sample.yaml', '--out', join(folder, 'run2'), '--workers', '2']);
  assert.equal(again.code, 0, again.stderr);
  const other = await refine(['report', join(folder, 'run2'), '-o', join(folder, 'other.html'), '--no-times']);
  assert.equal(other.code, 0, other.stderr);
  const timeless = await report('timeless.html', '--no-times');
  assert.equal(timeless, await readFile(join(folder, 'other.html'), 'utf8'));
  assert.equal(page.replace(/\n<!-- begin: wall times.*<!-- end: wall times -->\n/s, '').replace('<li><a href="#speed">Speed</a></li>', ''), timeless);
  assert.ok(page.length < 1_000_000);
});

test('the page is one file that names no other, with a policy that forbids them', () => {
  assert.ok(!/(?:src|href)="(?!#)/.test(page));
  assert.match(
    page,
    /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'">/,
  );
  assert.ok(!/ style="/.test(page) && !/ on[a-z]+="/.test(page));
});

/** The embedded crawl with other thresholds, without a step, and with every rule's numbers of every document. */
async function otherRun(): Promise<string> {
  const out = join(folder, 'looser');
  if (existsSync(out)) return out;
  const manifest = (await readFile(packagePath('manifests', 'sample.yaml'), 'utf8'))
    .replace('name: sample', 'name: looser')
    .replace('quality: { rules: gopher@paper }', 'quality: { rules: gopher@paper, word-count: { min: 20 } }')
    .replace('min-prob: 0.65', 'min-prob: 0.8')
    .replace('  - dedupe-url\n', '')
    .replace('sink:\n', 'sink:\n  features: all\n')
    .replaceAll('sample/', `${packagePath('manifests', 'sample')}/`);
  await writeFile(join(folder, 'looser.yaml'), manifest);
  const run = await refine(['run', join(folder, 'looser.yaml'), '--out', out, '--workers', '1']);
  assert.equal(run.code, 0, run.stderr);
  return out;
}

test('--compare names what one run keeps and the other drops, as a join of their features does', async () => {
  const other = await otherRun();
  const result = await refine(['report', join(folder, 'run'), '-o', join(folder, 'compared.html'), '--compare', other]);
  assert.equal(result.code, 0, result.stderr);
  const [first, second] = [data.run, await readRun(other)];
  const fates = async (run: RunState) => {
    const found = new Map<string, string | null>();
    for (const shard of run.features)
      for await (const batch of readArrow(join(run.folder, shard.path), ['id', 'step', 'reason']))
        for (let row = 0; row < batch.rows; row++) {
          const step = valueAt(batch.columns.step!, row);
          found.set(valueAt(batch.columns.id!, row) as string, step === null ? null : `${step}/${valueAt(batch.columns.reason!, row)}`);
        }
    return found;
  };
  const [a, b] = [await fates(first), await fates(second)];
  const expected = { both: 0, keptByBoth: 0, droppedByBoth: 0, keptByFirst: new Map<string, number>(), keptBySecond: new Map<string, number>() };
  for (const [id, fate] of a) {
    const against = b.get(id);
    assert.notEqual(against, undefined);
    expected.both++;
    if (fate === null && against === null) expected.keptByBoth++;
    else if (fate === null) expected.keptByFirst.set(against!, (expected.keptByFirst.get(against!) ?? 0) + 1);
    else if (against === null) expected.keptBySecond.set(fate, (expected.keptBySecond.get(fate) ?? 0) + 1);
    else expected.droppedByBoth++;
  }
  const found = await compareRuns(first, second);
  const counts = (list: Comparison['keptByFirst']) => new Map(list.map((one) => [one.reason, one.documents]));
  assert.deepEqual(
    {
      both: found.both,
      keptByBoth: found.keptByBoth,
      droppedByBoth: found.droppedByBoth,
      keptByFirst: counts(found.keptByFirst),
      keptBySecond: counts(found.keptBySecond),
    },
    expected,
  );
  assert.deepEqual([found.by, found.onlyFirst, found.onlySecond], ['id', 0, 0]);
  assert.ok(expected.keptByFirst.size > 0 && expected.keptBySecond.size > 0);
  for (const one of [...found.keptByFirst, ...found.keptBySecond]) {
    const keeper = found.keptByFirst.includes(one) ? a : b;
    for (const sample of one.samples) assert.equal(keeper.get(sample.id), null);
  }
  const compared = await readFile(join(folder, 'compared.html'), 'utf8');
  for (const reason of [...expected.keptByFirst.keys(), ...expected.keptBySecond.keys()]) assert.ok(compared.includes(`<summary>${reason} <b>`), reason);
  const mirrored = await compareRuns(second, first);
  assert.deepEqual([counts(mirrored.keptByFirst), counts(mirrored.keptBySecond)], [expected.keptBySecond, expected.keptByFirst]);
  if (chromium === null) return;
  const seen = await openPage(join(folder, 'compared.html'), '[document.querySelector("h2").textContent, document.documentElement.scrollWidth > innerWidth]', {
    width: 390,
  });
  assert.deepEqual([seen.complaints, seen.requests.length, seen.value], [[], 1, ['Two runs side by side', false]]);
});

test('--card writes a card whose head is YAML and whose numbers are those of stats', async () => {
  const result = await refine(['report', join(folder, 'run'), '--card', join(folder, 'card.md')]);
  assert.equal(result.code, 0, result.stderr);
  const card = await readFile(join(folder, 'card.md'), 'utf8');
  const [, head, body] = /^---\n(.*?)\n---\n(.*)$/s.exec(card)!;
  assert.deepEqual(parseYaml(head!), {
    pretty_name: 'sample',
    language: Object.keys(data.stats.langs),
    license: 'unknown',
    task_categories: ['text-generation'],
    size_categories: ['n<1K'],
    tags: ['refine', 'pretraining', 'web'],
    configs: [{ config_name: 'default', data_files: [{ split: 'train', path: 'text/[0-9]*.arrow' }] }],
  });
  for (const step of data.stats.steps!)
    for (const [reason, count] of Object.entries(step.drops)) assert.ok(body!.includes(`${reason.slice(step.step.length + 1)} |  | ${count} |`), reason);
  for (const shard of [...data.run.text, ...data.run.tokens]) assert.ok(body!.includes(`${shard.sha256}  ${shard.path}`));
  assert.ok(body!.includes(data.manifest!.sha256) && body!.includes('samples-per-reason: 20'));
  assert.ok(!card.includes(folder) && !/wall/i.test(card));
});

test('nothing to write is a usage error', async () => {
  for (const args of [[], ['--compare', join(folder, 'run'), '--card', join(folder, 'x.md')]]) {
    const result = await refine(['report', join(folder, 'run'), ...args]);
    assert.equal(result.code, 2, result.stderr);
  }
});

const SECTIONS = [
  'Funnel',
  'Beside published funnels',
  'Thresholds, and what moving them would keep',
  'What was kept',
  'Dropped documents, and kept ones that came close',
  'Speed by step',
  'How it was made',
];

test('in a browser the page complains of nothing, asks for nothing, has its sections, and its sliders answer', {
  skip: chromium === null ? needsBrowser : false,
}, async () => {
  const expression = `(() => {
    const box = [...document.querySelectorAll('.what-if')].find((one) => one.querySelector('input').dataset.op === 'max');
    const slider = box.querySelector('input');
    const answer = box.nextElementSibling;
    const before = answer.textContent;
    slider.value = slider.dataset.from;
    slider.dispatchEvent(new Event('input'));
    return {
      sections: [...document.querySelectorAll('h2')].map((one) => one.textContent),
      hidden: box.hidden, before, after: answer.textContent,
      wide: document.documentElement.scrollWidth > innerWidth,
      unnamed: [...document.querySelectorAll('svg[role=img]')].filter((one) => !one.getAttribute('aria-label')).length,
      unnamedInputs: [...document.querySelectorAll('input')].filter((one) => !one.getAttribute('aria-label')).length,
      twice: [...document.querySelectorAll('[id]')].filter((one) => document.querySelectorAll('#' + CSS.escape(one.id)).length > 1).map((one) => one.id),
      dangling: [...document.querySelectorAll('a[href^="#"]')].filter((one) => !document.getElementById(one.getAttribute('href').slice(1))).map((one) => one.href),
      paper: getComputedStyle(document.body).backgroundColor,
    };
  })()`;
  for (const [scheme, width] of [
    ['light', 1280],
    ['dark', 390],
  ] as const) {
    const seen = await openPage(join(folder, 'report.html'), expression, { scheme, width });
    assert.deepEqual(seen.complaints, []);
    assert.equal(seen.requests.length, 1, seen.requests.join('\n'));
    const value = seen.value as Record<string, unknown>;
    assert.deepEqual(value.sections, SECTIONS);
    assert.equal(value.hidden, false);
    assert.notEqual(value.before, value.after);
    assert.match(String(value.after), /^With at most 0/);
    assert.equal(value.wide, false, `wider than ${width} px`);
    assert.deepEqual([value.unnamed, value.unnamedInputs, value.twice, value.dangling], [0, 0, [], []]);
    assert.equal(value.paper, scheme === 'dark' ? 'rgb(20, 23, 26)' : 'rgb(255, 255, 255)');
  }
});

test('every stop of every slider says what the cells say', { skip: chromium === null ? needsBrowser : false }, async () => {
  const expression = `[...document.querySelectorAll('.what-if input')].map((slider) => {
    const answer = slider.closest('.what-if').nextElementSibling;
    const said = [];
    for (let stop = Number(slider.dataset.from); stop <= Number(slider.dataset.till); stop++) {
      slider.value = stop;
      slider.dispatchEvent(new Event('input'));
      said.push([stop, answer.textContent]);
    }
    slider.value = slider.dataset.run;
    slider.dispatchEvent(new Event('input'));
    return { name: slider.getAttribute('aria-label'), said, back: answer.textContent };
  })`;
  const { value, complaints } = await openPage(join(folder, 'report.html'), expression);
  assert.deepEqual(complaints, []);
  const sliders = value as { name: string; said: [number, string][]; back: string }[];
  let compared = 0;
  for (const one of data.distributions) {
    for (const limit of one.limits) {
      const slider = sliders.find(({ name }) => name === `${metricName(one.column)}, at ${limit.op === 'max' ? 'most' : 'least'}`)!;
      assert.match(slider.back, /^As run: /);
      for (const [stop, text] of slider.said) {
        const { passed, freed } = moved(one, limit, stop);
        assert.ok(
          text.includes(`lets ${grouped(passed)} of ${text.startsWith('As run') ? counted(one.reached, 'document') : grouped(one.reached)} through`),
          `${slider.name} ${stop}: ${text}`,
        );
        assert.equal(text.includes('set free'), freed > 0 && !text.startsWith('As run'), text);
        compared++;
      }
    }
  }
  assert.ok(compared > 300, String(compared));
});

const HOSTILE = [
  '</script><script>window.hacked=1</script>',
  '</style><script>window.hacked=2</script>',
  '"><img src=x onerror="window.hacked=3">',
  "'><svg onload=window.hacked=4>",
  '<svg><script>window.hacked=5</script></svg>',
  '<iframe srcdoc="<script>parent.hacked=6</script>"></iframe>',
  '<a href="javascript:window.hacked=7">x</a>',
  '--><script>window.hacked=8</script><!--',
  ']]><script>window.hacked=9</script>',
  `\${window.hacked=10} {{constructor.constructor("window.hacked=11")()}} <%= 1 %> \`\${1}\``,
  '&lt;script&gt;window.hacked=12&lt;/script&gt; &#60;img src=x onerror=window.hacked=13&#62;',
  '<\u0000script>window.hacked=14</script>\u0000',
  '\u202e\u2066gnorts\u2069 \u200b\u{e0041}\u2028\u2029\ufeff',
  '<meta http-equiv=refresh content="0;url=http://127.0.0.1:9/"> <base href="http://127.0.0.1:9/"> <link rel=stylesheet href=http://127.0.0.1:9/x.css>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.hacked=15&gt;">',
  '<template><script>window.hacked=16</script></template><noscript><p title="</noscript><img src=x onerror=window.hacked=17>">',
  '<textarea></textarea><title></title><plaintext>',
];

test('a hostile document is inert: in texts, titles, addresses, ids, languages and licences', async () => {
  const prose = 'The river that runs through the town has been the work of many people, and to this day they have kept the mills with care. ';
  const words = (n: number) => Array.from({ length: 12 }, (_, i) => `${prose.replace('river', `river number ${n * 12 + i}`)}Line ${n} ${i}.`).join('\n');
  const lines = HOSTILE.flatMap((bad, i) => [
    { id: `kept ${i} ${bad}`, url: `https://host-${i}.example.org/${i}/${bad}`, text: `${bad}\n${words(i)}\n${bad}` },
    { id: `short ${i} ${bad}`, url: `https://example.org/short/${i}/${bad}`, text: `${bad} ${bad}` },
    { id: `again ${i} ${bad}`, url: `https://example.net/${i}/${bad}`, text: `${bad}\n`.repeat(40) },
    { id: `copy ${i} ${bad}`, url: `https://example.net/copy/${i}/${bad}`, text: `${bad}\n${words(i)}\n${bad}` },
  ]);
  await writeFile(join(folder, 'hostile.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
  await writeFile(
    join(folder, 'hostile.yaml'),
    `name: hostile # </script><script>window.hacked=18</script> \`\`\`\`\nseed: 1\nsource: { jsonl: [hostile.jsonl] }\nsteps: [repetition, { quality: { stop-words: ["the", "</script><script>window.hacked=19</script>"] } }, dedupe-exact, dedupe-minhash]\n`,
  );
  const run = await refine(['run', join(folder, 'hostile.yaml'), '--out', join(folder, 'hostile'), '--workers', '1']);
  assert.equal(run.code, 0, run.stderr);
  const path = join(folder, 'hostile.html');
  const made = await refine([
    'report',
    join(folder, 'hostile'),
    '-o',
    path,
    '--samples',
    '100',
    '--card',
    join(folder, 'hostile.md'),
    '--compare',
    join(folder, 'hostile'),
  ]);
  assert.equal(made.code, 0, made.stderr);
  const written = await readFile(path, 'utf8');
  const shown = (text: string) => text.replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
  assert.ok(shown(written).includes(HOSTILE[0]!));
  assert.ok(written.includes('⟦U+202E⟧') && written.includes('⟦U+E0041⟧') && written.includes('⟦U+2028⟧'));
  for (const bad of ['\u0000', '\u200b', '\u2028', '\u202e', '\u2066', '\u{e0041}']) assert.ok(!written.includes(bad), JSON.stringify(bad));
  const names: string[] = [];
  const walk = (node: { nodeName: string; attrs?: { name: string }[]; childNodes?: unknown[]; content?: unknown }): void => {
    names.push(node.nodeName, ...(node.attrs ?? []).map((attribute) => `@${attribute.name}`));
    for (const child of node.childNodes ?? []) walk(child as never);
  };
  walk(parse(written) as never);
  assert.equal(names.filter((one) => one === 'script').length, 1);
  assert.equal(names.filter((one) => one === 'style').length, 1);
  for (const bad of ['img', 'iframe', 'template', 'math', 'base', 'link', 'object', 'textarea', '@onload', '@onerror', '@srcdoc', '@style'])
    assert.ok(!names.includes(bad), bad);
  const card = (await readFile(join(folder, 'hostile.md'), 'utf8')).replace(/^---\n.*?\n---\n/s, '');
  const rendered = new MarkdownIt({ html: true, linkify: true }).render(card);
  const tags = [...rendered.matchAll(/<([a-z][a-z0-9]*)[^>]*>/g)].map((match) => match[1]);
  for (const tag of tags) assert.ok(/^(h\d|p|ul|li|table|thead|tbody|tr|th|td|code|pre|strong|details|summary)$/.test(tag!), tag);
  if (chromium === null) return;
  const seen = await openPage(path, '({ hacked: window.hacked ?? null, scripts: document.scripts.length, at: location.href })');
  assert.deepEqual(seen.complaints, []);
  assert.equal(seen.requests.length, 1, seen.requests.join('\n'));
  assert.deepEqual([(seen.value as { hacked: unknown }).hacked, (seen.value as { scripts: unknown }).scripts], [null, 1]);
});
