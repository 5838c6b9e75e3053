// What a page is about, where its site says so by the section of the address it files it under.

/** A path segment that a site files its pages under, or the host's first label. */
const SECTIONS: Readonly<Record<string, RegExp>> = {
  sport: /^(?:sports?|football|soccer|fussball|nba|nfl|futbol|deportes|tennis)$/,
  politics: /^(?:politics|politik|politica|politique|elections?|inland|ausland)$/,
  business: /^(?:business|economy|wirtschaft|finance|finanzen|economia|money|markets?|unternehmen|geld)$/,
  technology: /^(?:tech|technology|technik|digital|netzwelt|gadgets?|software|computer|internet|programming|linux)$/,
  health: /^(?:health|gesundheit|medicine|wellness|salud|medizin|fitness)$/,
  food: /^(?:recipes?|rezepte?|food|cooking|kochen)$/,
  entertainment: /^(?:entertainment|culture|kultur|music|musik|movies?|film|tv|celebrity|arts?|cultura|unterhaltung|stars|showbiz)$/,
  science: /^(?:science|wissenschaft|wissen|environment|umwelt|ciencia|klima)$/,
};

export function topicOfUrl(url: string): string | null {
  const found = /^https?:\/\/([^/]+)(\/.*)$/.exec(url);
  if (found === null) return null;
  const segments = [found[1]!.split('.')[0]!, ...found[2]!.toLowerCase().split('/').slice(1, -1)];
  const topics = Object.keys(SECTIONS).filter((topic) => segments.some((segment) => SECTIONS[topic]!.test(segment)));
  return topics.length === 1 ? topics[0]! : null;
}
