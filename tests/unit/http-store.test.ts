// A run folder on web servers that differ in what they tell: HEAD refused, no lengths, no ranges, and files that are not there. The oracle is
// the file that the server of tests/support/crawl-server.ts was given.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpStore } from '../../pipeline/storage/http-store.js';
import { readObject } from '../../pipeline/storage/object-store.js';
import { RemoteFiles } from '../../pipeline/loader/remote-files.js';
import { type Faults, startCrawlServer } from '../support/crawl-server.js';

const file = Buffer.from('{"format":1}'.repeat(20_000));

for (const [name, faults] of Object.entries<Faults>({
  'that tells all': {},
  'that refuses HEAD (405)': { noHead: true },
  'that refuses HEAD alone (403)': { forbidFirst: 1 },
  'that refuses HEAD and ranges': { noHead: true, ignoreRange: true },
  'that sends no lengths': { noLength: true },
  'that sends no lengths and no ranges': { noLength: true, ignoreRange: true },
  'that refuses HEAD and sends no lengths and no ranges': { noHead: true, noLength: true, ignoreRange: true },
})) {
  test(`a web server ${name}: what is there has its size and bytes, what is not there is null`, async () => {
    const server = await startCrawlServer([{ path: 'run/manifest.lock.json', bytes: file }], faults);
    try {
      const store = new HttpStore(`${server.base}/run`);
      assert.equal((await store.head('manifest.lock.json'))?.bytes, file.length);
      assert.ok((await readObject(store, 'manifest.lock.json', 1 << 20))?.equals(file));
      if (faults.forbidFirst === undefined) assert.deepEqual([await store.head('other.json'), await readObject(store, 'other.json', 100)], [null, null]);
    } finally {
      await server.close();
    }
  });
}

test('the loader takes S3:// for the bucket, however it is spelled', () => {
  assert.equal(new RemoteFiles('S3://corpus/x', {}, {}).place('index.arrow'), 'S3://corpus/x/index.arrow');
  assert.throws(() => new RemoteFiles('S3://c', {}, {}), /names the bucket "c"/);
});
