// Compaction of a ledger that is written through to an object store: whatever operation on the store the parent dies at, a machine
// that has nothing but the store sees every entry, and none that was forgotten; its next compaction ends the one that died.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Ledger } from '../../pipeline/ledger.js';
import { FileStore } from '../../pipeline/storage/file-store.js';
import { MirroredLedger } from '../../pipeline/storage/mirrored-ledger.js';
import { entry, task, tasks } from '../support/ledger-entries.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-ledger-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const COUNT = 12;
const all = tasks(0, COUNT);

/** A store that lets `operations` changes through and dies at the next one, before it or, with `late`, once it is done. */
class MortalStore extends FileStore {
  constructor(
    path: string,
    private operations: number,
    private readonly late: boolean,
  ) {
    super(path);
  }

  async #mortal<T>(work: () => Promise<T>): Promise<T> {
    if (this.operations < 0) throw new Error('dead');
    const last = this.operations-- === 0;
    if (last && !this.late) throw new Error('dead');
    const done = await work();
    if (last) throw new Error('dead');
    return done;
  }

  override putFile(...given: Parameters<FileStore['putFile']>): Promise<void> {
    return this.#mortal(() => super.putFile(...given));
  }

  override delete(key: string): Promise<void> {
    return this.#mortal(() => super.delete(key));
  }
}

const ledgerOf = (work: string, store: FileStore): Ledger => new Ledger(work, new MirroredLedger(join(work, 'ledger'), store));

/** A work folder as `pull` leaves it on a machine that had nothing. */
function machine(name: string, store: string): string {
  const work = join(folder, name);
  rmSync(work, { recursive: true, force: true });
  cpSync(join(store, 'ledger'), join(work, 'ledger'), { recursive: true });
  return work;
}

/** wallMs by task, null where it is not done: asked one by one, together, and by the list of tasks. */
async function seen(ledger: Ledger): Promise<(number | null)[]> {
  const one: (number | null)[] = [];
  for (const id of all) one.push((await ledger.done(id))?.wallMs ?? null);
  const many = await ledger.doneOf(all);
  assert.deepEqual(
    all.map((id) => many.get(id)?.wallMs ?? null),
    one,
  );
  const listed = await ledger.tasks();
  assert.deepEqual(
    all.map((id) => listed.has(id)),
    one.map((found) => found !== null),
  );
  return one;
}

/** Half of the entries compacted; then one forgotten, one forgotten and done anew, one written too late, and the other half loose. */
async function prepare(): Promise<string> {
  const [store, work] = [join(folder, 'store'), join(folder, 'first')];
  for (const path of [store, work]) {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(join(path, 'ledger'), { recursive: true });
  }
  const ledger = ledgerOf(work, new FileStore(store));
  const fill = (from: number, to: number): void => {
    for (let number = from; number < to; number++)
      for (const path of [store, work]) writeFileSync(join(path, 'ledger', `${task(number)}.json`), `${JSON.stringify(entry(number))}\n`);
  };
  fill(0, COUNT / 2);
  await ledger.compact(1);
  fill(COUNT / 2, COUNT);
  await ledger.forget(task(1));
  await ledger.forget(task(2));
  await ledger.put(entry(2, 222));
  await ledger.put(entry(3, 333));
  return store;
}

test('killed at any change of the store in a compaction, another machine sees every entry and nothing that was forgotten', async () => {
  const expected = [0, null, 222, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  assert.deepEqual(await seen(new Ledger(machine('plain', await prepare()))), expected);
  let died = 0;
  for (let operation = 0; operation <= 11; operation++) {
    for (const late of [false, true]) {
      const store = await prepare();
      const compacting = ledgerOf(join(folder, 'first'), new MortalStore(store, operation, late)).compact(1);
      const end = await compacting.then(
        () => 'lived',
        (error: Error) => error.message,
      );
      assert.ok(['lived', 'dead'].includes(end), end);
      if (end === 'dead') died++;
      const work = machine('other', store);
      assert.deepEqual(await seen(new Ledger(work)), expected, `operation ${operation}, ${late ? 'after' : 'before'} it`);
      const ledger = ledgerOf(work, new FileStore(store));
      await ledger.compact(1);
      await ledger.prune(new Set(all));
      const left = readdirSync(join(store, 'ledger'));
      assert.ok(left.includes('ledger.arrow'));
      assert.deepEqual(left.sort(), readdirSync(join(work, 'ledger')).sort(), 'folder and store agree');
      assert.deepEqual(await seen(new Ledger(machine('third', store))), expected, `operation ${operation}, ended by another machine`);
    }
  }
  assert.equal(died, 22); // one file, two marks, eight objects: each before and after
});
