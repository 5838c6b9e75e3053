// A precompiled_charsmap for tests, in base64: SentencePiece's double array (darts-clone's units) with a block of 256 for each node.

interface Node {
  readonly next: Map<number, Node>;
  value?: number;
}

export function charsMap(entries: readonly (readonly [from: string, to: string])[]): string {
  const root: Node = { next: new Map() };
  let strings = '';
  for (const [from, to] of entries) {
    let node = root;
    for (const byte of Buffer.from(from)) {
      if (!node.next.has(byte)) node.next.set(byte, { next: new Map() });
      node = node.next.get(byte)!;
    }
    node.value = Buffer.byteLength(strings);
    strings += `${to}\0`;
  }
  const units: number[] = [];
  let blocks = 1; // the first holds the root alone
  const place = (node: Node, at: number, label: number): void => {
    const base = 256 * blocks++;
    units[at] = (((at ^ base) << 10) | (node.value === undefined ? 0 : 256) | label) >>> 0;
    if (node.value !== undefined) units[base] = (node.value | 0x80000000) >>> 0;
    for (const [byte, child] of node.next) place(child, base ^ byte, byte);
  };
  place(root, 0, 0);
  const out = Buffer.alloc(4 + blocks * 1024);
  out.writeUInt32LE(blocks * 1024, 0);
  for (const [i, unit] of units.entries()) out.writeUInt32LE(unit ?? 0, 4 + 4 * i); // free units are holes
  return Buffer.concat([out, Buffer.from(strings)]).toString('base64');
}
