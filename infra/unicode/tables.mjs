// What the generators share: tables as C++ source (two-stage look-ups by code point, arrays in lines of some 150 characters), Unicode's
// own break tests as C++ source, and writing files or checking them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Values by code point as blocks of `block`: stage1 names the block of each, stage2 holds the blocks that differ, end to end. */
export function twoStages(values, block) {
  const blocks = new Map();
  const stage1 = [];
  const stage2 = [];
  for (let at = 0; at < values.length; at += block) {
    const piece = Array.from(values.subarray(at, at + block));
    const key = piece.join();
    if (!blocks.has(key)) {
      blocks.set(key, blocks.size);
      stage2.push(...piece);
    }
    stage1.push(blocks.get(key));
  }
  return { stage1, stage2, blocks: blocks.size };
}

export function array(type, name, values) {
  const lines = [];
  let line = '';
  for (const value of values.map(String)) {
    if (line.length + value.length > 150) {
      lines.push(line);
      line = '';
    }
    line += `${value},`;
  }
  return `const ${type} ${name}[${values.length}] = {\n${[...lines, line].join('\n')}\n};\n`;
}

/** A line of a break test as UTF-8 in C string literals with their bytes, one a piece between breaks. */
export function breakTestLine(line) {
  const pieces = line
    .split('÷')
    .map((piece) => piece.replaceAll('×', ' ').trim())
    .filter(Boolean)
    .map((piece) => String.fromCodePoint(...piece.split(/\s+/).map((cp) => Number.parseInt(cp, 16))));
  return `{${pieces.map((piece) => `{"${[...Buffer.from(piece)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}",${Buffer.byteLength(piece)}}`).join(',')}},`;
}

/** Writes `texts`, by path from the repository's root; with --check compares instead, and one that differs is the exit code. */
export function writeOrCheck(texts, script) {
  for (const [path, text] of Object.entries(texts)) {
    const target = join(ROOT, path);
    if (!process.argv.includes('--check')) {
      writeFileSync(target, text);
      console.log(`${path}: ${text.length} bytes`);
    } else if (readFileSync(target, 'utf8') !== text) {
      console.error(`${path} differs from what the UCD gives; run node infra/unicode/${script}`);
      process.exitCode = 1;
    }
  }
}
