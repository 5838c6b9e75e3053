// What doctor says of the instruction sets of neural steps.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSets } from '../../pipeline/doctor.js';

test('doctor names the instruction sets of neural steps, best first', () => {
  const { value, state } = modelSets(['avx512', 'avx2', 'scalar'], new Set(['avx512f']));
  assert.equal(value, 'neural steps by avx512, or pinned: avx512, avx2, scalar');
  assert.equal(state, 'ok');
  assert.equal(modelSets(['amx', 'avx512-bf16'], new Set(['amx_tile', 'amx_int8', 'amx_bf16'])).state, 'ok');
});

test('doctor says what AMX waits for where the processor lists it and the set is not offered', () => {
  const { value, state, next } = modelSets(['avx512-bf16', 'scalar'], new Set(['amx_tile', 'amx_int8']));
  assert.match(value, /; not amx, which the processor lists$/);
  assert.equal(state, 'absent');
  assert.match(next ?? '', /Linux 5\.16 .*arch_prctl.*infra\/docs\/amx\.md/);
});
