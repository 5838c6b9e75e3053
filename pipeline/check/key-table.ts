// A table of 52-bit keys with two numbers each, of a bounded size: what duplicates are counted in. Open addressing, doubling.
// Keys are uniform hashes, so their low bits are the slot. Full at its bound: a new key is not taken, and `full` says so.
export class KeyTable {
  #keys = new Float64Array(1024).fill(-1);
  #first = new Uint32Array(1024);
  #second = new Uint32Array(1024);
  readonly #most: number;
  size = 0;
  full = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** The key's slot where it is known; else -1, and it is taken with these numbers. Slots hold until the next new key. */
  find(key: number, first: number, second: number): number {
    let slot = this.#slotOf(key);
    if (this.#keys[slot] === key) return slot;
    if (this.size >= this.#most) {
      this.full = true;
      return -1;
    }
    if (2 * (this.size + 1) > this.#keys.length) {
      this.#grow();
      slot = this.#slotOf(key);
    }
    this.#keys[slot] = key;
    this.#first[slot] = first;
    this.#second[slot] = second;
    this.size++;
    return -1;
  }

  first(slot: number): number {
    return this.#first[slot]!;
  }

  second(slot: number): number {
    return this.#second[slot]!;
  }

  setFirst(slot: number, value: number): void {
    this.#first[slot] = value;
  }

  #slotOf(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = (key % 2 ** 32) & mask;
    while (this.#keys[slot] !== -1 && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, first, second] = [this.#keys, this.#first, this.#second];
    this.#keys = new Float64Array(2 * keys.length).fill(-1);
    this.#first = new Uint32Array(2 * keys.length);
    this.#second = new Uint32Array(2 * keys.length);
    for (let at = 0; at < keys.length; at++) {
      if (keys[at] === -1) continue;
      const slot = this.#slotOf(keys[at]!);
      this.#keys[slot] = keys[at]!;
      this.#first[slot] = first[at]!;
      this.#second[slot] = second[at]!;
    }
  }
}
