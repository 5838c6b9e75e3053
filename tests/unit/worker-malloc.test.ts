// What a worker's C library is told of memory. That it keeps a worker flat is measured (infra/docs/faults.md), not tested here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mallocSettings } from '../../pipeline/platform.js';

test('a worker gets two arenas, large blocks mapped apart and huge pages; what the user set stands', () => {
  assert.deepEqual(mallocSettings({}), { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '4194304', GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' });
  const own = { MALLOC_ARENA_MAX: '8', MALLOC_MMAP_THRESHOLD_: '1000000', GLIBC_TUNABLES: 'glibc.malloc.hugetlb=0:glibc.malloc.tcache_count=1' };
  assert.deepEqual(mallocSettings(own), { ...own, GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1:glibc.malloc.hugetlb=0:glibc.malloc.tcache_count=1' });
});
