// How long tasks take on workers that each do one at a time, in the order they are listed, as the pool hands them out.
// Invariant: exact for given times; the last tasks' tail, which a mean would hide, is in it.

/** Milliseconds until the last one ends. `startMs`: what each worker needs before its first task. */
export function makespan(tasks: ArrayLike<number>, workers: number, startMs = 0): number {
  const busy = Math.min(workers, tasks.length);
  if (busy === 0) return 0;
  const free = new Float64Array(busy).fill(startMs); // a binary heap: the worker that is free first
  for (let i = 0; i < tasks.length; i++) {
    free[0]! += tasks[i]!;
    sink(free);
  }
  return free.reduce((a, b) => Math.max(a, b), 0);
}

function sink(heap: Float64Array): void {
  const value = heap[0]!;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= value) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = value;
}
