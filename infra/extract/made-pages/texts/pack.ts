// The shape of one language's texts.
const SPEECH = ['talk', 'news', 'docs', 'product', 'review', 'comment', 'legal', 'company'] as const;
const TOPICS = [
  'asks',
  'short',
  'greetings',
  'thanks',
  'threads',
  'headlines',
  'headings',
  'kinds',
  'names',
  'steps',
  'foods',
  'specs',
  'forums',
  'places',
  'verses',
] as const;

export type Topic = (typeof TOPICS)[number];
export type Pack = Readonly<Record<(typeof SPEECH)[number] | Topic, readonly string[]>>;

/** Sections that begin with "# name", a line a text. */
export function readPack(text: string): Pack {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line.startsWith('# ')) sections.set(line.slice(2), (lines = []));
    else if (line !== '') lines.push(line);
  }
  for (const name of [...SPEECH, ...TOPICS])
    if ((sections.get(name)?.length ?? 0) < 3) throw new Error(`texts: section ${name} of a pack has fewer than 3 lines`);
  return Object.fromEntries(sections) as unknown as Pack;
}
