import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { lineProgress } from '../../pipeline/progress.js';

test('without a terminal: one line a minute with files, documents, MB/s and ETA, and a line for each failure', () => {
  mock.timers.enable({ apis: ['setInterval'] });
  let now = 0;
  const clock = mock.method(performance, 'now', () => now);
  let text = '';
  const progress = lineProgress({ write: (chunk) => (text += chunk) });
  try {
    progress({ type: 'start', folder: 'runs/x', inputs: 4, bytes: 400e6, workers: 2 });
    progress({ type: 'phase', name: 'map 1/2', unit: 'files', tasks: 4, done: 1, bytes: 300e6 });
    progress({ type: 'work', documents: 12_345, bytes: 100e6 });
    now = 59_000;
    mock.timers.tick(59_000);
    assert.equal(text, '');
    now = 60_000;
    mock.timers.tick(1000);
    assert.equal(text, 'refine: map 1/2: 1/4 files, 12,345 documents, 1.7 MB/s, ETA 2m00s\n');
    text = '';
    progress({ type: 'task', label: 'map 000002 c.warc.gz', state: 'failed', message: 'ERR_REFINE_INPUT is empty' });
    assert.equal(text, 'refine: map 000002 c.warc.gz: failed, ERR_REFINE_INPUT is empty\n');
    text = '';
    for (const label of ['a', 'b']) progress({ type: 'task', label, state: 'done' });
    now = 120_000;
    mock.timers.tick(60_000);
    assert.equal(text, 'refine: map 1/2: 4/4 files, 12,345 documents, 0.8 MB/s\n');
    text = '';
    progress({ type: 'end' });
    mock.timers.tick(600_000);
    assert.equal(text, '');
  } finally {
    clock.mock.restore();
    mock.timers.reset();
  }
});
