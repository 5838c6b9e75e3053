// Preloaded (--import) into a process and its workers: the wall clock jumps by up to ten years, back and forth, at every reading.
let state = process.pid >>> 0;
const jump = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state / 2 ** 32 - 0.5) * 20 * 365 * 86_400_000;
};
const Real = globalThis.Date;
globalThis.Date = class Jumping extends Real {
  constructor(...given) {
    if (given.length === 0) super(Real.now() + jump());
    else super(...given);
  }
  static now() {
    return Real.now() + jump();
  }
};
