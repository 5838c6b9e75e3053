// Lists of indexes as a Job's status has them: `1,3-5,7`. Sorted, without overlaps.

export function parseIndexes(text: string): number[] {
  const indexes: number[] = [];
  for (const part of text === '' ? [] : text.split(',')) {
    const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (from === undefined) continue;
    const last = Math.min(Number(to ?? from), Number(from) + 1_000_000);
    for (let index = Number(from); index <= last; index++) indexes.push(index);
  }
  return indexes;
}

export function formatIndexes(sorted: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < sorted.length; ) {
    let end = at;
    while (end + 1 < sorted.length && sorted[end + 1] === sorted[end]! + 1) end++;
    parts.push(end === at ? `${sorted[at]}` : `${sorted[at]}-${sorted[end]}`);
    at = end + 1;
  }
  return parts.join(',');
}
