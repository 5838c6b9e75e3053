// Many ledger objects become one Arrow file: nothing is lost on the way, the first writer still wins, and every reader sees the same.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import pl from 'nodejs-polars';
import { Ledger } from '../../pipeline/ledger.js';
import { FolderStore } from '../../pipeline/ledger-store.js';
import { entry, task, tasks } from '../support/ledger-entries.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-ledger-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const open = async (name: string): Promise<Ledger> => {
  const ledger = new Ledger(join(folder, name));
  await ledger.open();
  return ledger;
};
/** Objects as `put` leaves them, without its sync of each. */
const fill = (name: string, numbers: readonly number[]): void => {
  for (const number of numbers) writeFileSync(join(folder, name, 'ledger', `${task(number)}.json`), `${JSON.stringify(entry(number))}\n`);
};
const upTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
const names = (name: string): string[] => readdirSync(join(folder, name, 'ledger')).sort();
/** What one sees through every way of reading, as one value. */
const seen = async (ledger: Ledger, count: number): Promise<unknown> => {
  const one = [];
  for (const id of tasks(0, count)) one.push(await ledger.done(id));
  const many = await ledger.doneOf([...tasks(0, count), ...tasks(1000, 1100)]);
  assert.deepEqual(
    one,
    tasks(0, count).map((id) => many.get(id) ?? null),
  );
  assert.deepEqual([...(await ledger.tasks())].sort(), one.flatMap((found) => (found === null ? [] : [found.task])).sort());
  return one;
};

test('compacted entries are read as before by every method, and the file does not depend on the order of writing', async () => {
  const [a, b] = [await open('a'), await open('b')];
  fill('a', upTo(200));
  const before = await seen(a, 210);
  assert.equal(await a.compact(201), false, 'too few');
  assert.equal(await a.compact(200), true);
  assert.deepEqual(names('a'), ['ledger.arrow']);
  assert.deepEqual(await seen(a, 210), before);
  assert.deepEqual(await seen(await open('a'), 210), before, 'another process');
  // In two steps, from the other end: the second merges with the first.
  fill('b', upTo(200).reverse().slice(0, 120));
  await b.compact(1);
  fill('b', upTo(80));
  await b.compact(1);
  const bytes = (name: string): Buffer => readFileSync(join(folder, name, 'ledger', 'ledger.arrow'));
  assert.deepEqual(bytes('b'), bytes('a'));
  const table = pl.readIPC(bytes('a')); // another reader of the format
  assert.deepEqual(table.columns, ['task', 'label', 'entry']);
  assert.deepEqual(table.getColumn('task').toArray(), tasks(0, 200).sort());
  assert.deepEqual(JSON.parse(table.getColumn('entry').toArray()[17] as string), await a.done(tasks(0, 200).sort()[17]!));
});

test('a compaction waits until as much as half of what is compacted is loose', async () => {
  const ledger = await open('half');
  fill('half', upTo(40));
  assert.equal(await ledger.compact(10), true);
  fill('half', upTo(59).slice(40));
  assert.equal(await ledger.compact(10), false);
  await ledger.put(entry(59));
  assert.equal(await ledger.compact(10), true);
  assert.deepEqual(names('half'), ['ledger.arrow']);
});

test('a late writer of a compacted task changes nothing; one that was forgotten is done anew', async () => {
  const ledger = await open('late');
  fill('late', upTo(100));
  await ledger.compact(1);
  await ledger.put(entry(7, 12345));
  assert.equal((await ledger.done(task(7)))!.wallMs, 7, 'the first writer won');
  await ledger.forget(task(8));
  assert.equal(await ledger.done(task(8)), null);
  assert.equal((await ledger.doneOf(tasks(0, 100))).has(task(8)), false);
  assert.equal((await ledger.tasks()).has(task(8)), false);
  await ledger.put(entry(8, 54321));
  await ledger.forget(task(9));
  const after = await seen(ledger, 100);
  assert.equal((await ledger.done(task(8)))!.wallMs, 54321);
  await ledger.compact(1);
  await ledger.prune(new Set(tasks(0, 100)));
  assert.deepEqual(await seen(ledger, 100), after);
});

test('pruning takes tasks out of the file too', async () => {
  const ledger = await open('prune');
  fill('prune', upTo(150));
  await ledger.compact(1);
  fill('prune', [150, 151]);
  await ledger.put({ ...entry(152), state: 'failed', code: 'ERR_REFINE_INPUT', message: 'is gone' });
  await ledger.prune(new Set([task(3), task(150)]));
  assert.deepEqual([...(await ledger.tasks())].sort(), [task(3), task(150)].sort());
  assert.deepEqual(names('prune'), ['ledger.arrow']);
});

test('an object that is damaged stays where it is and is named when it is asked for', async () => {
  const ledger = await open('damaged');
  fill('damaged', upTo(5));
  writeFileSync(join(folder, 'damaged', 'ledger', `${task(2)}.json`), '{"format":1,');
  await ledger.compact(1);
  assert.deepEqual(names('damaged'), [`${task(2)}.json`, 'ledger.arrow'].sort());
  await assert.rejects(ledger.done(task(2)), { code: 'ERR_REFINE_LEDGER', message: /is not JSON/ });
  assert.equal((await ledger.done(task(3)))!.number, 3);
  truncateSync(join(folder, 'damaged', 'ledger', 'ledger.arrow'), 500);
  await assert.rejects(ledger.done(task(3)), { code: 'ERR_REFINE_LEDGER', message: /not a whole Arrow file.*its tasks are redone/ });
});

/** Lets `operations` writing operations through and dies at the next one, before it or, with `after`, once it is done. */
class MortalStore extends FolderStore {
  constructor(
    path: string,
    private operations: number,
    private readonly after: boolean,
  ) {
    super(path);
  }

  async #mortal(work: () => Promise<void>): Promise<void> {
    if (this.operations < 0) throw new Error('dead');
    const last = this.operations-- === 0;
    if (last && !this.after) throw new Error('dead');
    await work();
    if (last) throw new Error('dead');
  }

  override async remove(name: string): Promise<void> {
    await this.#mortal(() => super.remove(name));
  }

  override async replaceWhole(name: string, write: (path: string) => Promise<void>): Promise<void> {
    await this.#mortal(() => super.replaceWhole(name, write));
  }
}

test('killed at any operation of a compaction, nothing is lost, nothing forgotten comes back, and the next one ends it', async () => {
  const count = 20;
  const prepare = async (name: string): Promise<void> => {
    rmSync(join(folder, name), { recursive: true, force: true });
    const ledger = await open(name);
    fill(name, upTo(10));
    await ledger.compact(1);
    fill(name, upTo(count).slice(10));
    await ledger.forget(task(1));
    await ledger.forget(task(2));
    await ledger.put(entry(2, 222));
    await ledger.put(entry(3, 333)); // too late
  };
  await prepare('whole');
  const whole = new Ledger(join(folder, 'whole'));
  const expected = await seen(whole, count);
  await whole.compact(1);
  assert.deepEqual(await seen(whole, count), expected);
  let died = 0;
  for (let operation = 0; ; operation++) {
    for (const after of [false, true]) {
      await prepare('killed');
      const path = join(folder, 'killed');
      const killed = await new Ledger(path, new MortalStore(join(path, 'ledger'), operation, after)).compact(1).then(
        () => false,
        () => true,
      );
      if (killed) died++;
      assert.deepEqual(await seen(new Ledger(path), count), expected, `operation ${operation}`);
      await new Ledger(path).compact(1);
      await new Ledger(path).prune(new Set(tasks(0, count)));
      assert.deepEqual(await seen(new Ledger(path), count), expected, `operation ${operation}, ended`);
    }
    if (operation > 15) break;
  }
  assert.ok(died >= 28, `${died} compactions died`); // one file, two marks, twelve objects
});

test('a reader beside a compaction finds every entry at every moment', async () => {
  const ledger = await open('beside');
  fill('beside', upTo(300));
  const reader = await open('beside');
  let compacting = true;
  const done = ledger.compact(1).finally(() => {
    compacting = false;
  });
  let reads = 0;
  while (compacting) {
    assert.equal((await reader.doneOf(tasks(0, 300))).size, 300);
    assert.equal((await reader.done(task(reads++ % 300)))!.format, 1);
  }
  await done;
});
