// Reading little-endian numbers from bytes that may lie: nothing is read past their end.

/** What is wrong with a file, to be put into the sentence of an error. */
export class Damaged extends Error {}

export class Bytes {
  at = 0;
  readonly view: DataView;
  constructor(readonly data: Uint8Array) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get left(): number {
    return this.data.length - this.at;
  }

  take(length: number): Uint8Array {
    if (!(length >= 0 && length <= this.left)) throw new Damaged(`a value of ${length} bytes stands where ${this.left} are left`);
    this.at += length;
    return this.data.subarray(this.at - length, this.at);
  }

  uint32(): number {
    if (this.left < 4) throw new Damaged('a page ends inside a length');
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  byte(): number {
    if (this.left < 1) throw new Damaged('a page ends inside a run');
    return this.data[this.at++]!;
  }

  /** Up to 32 bits. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Damaged('a number of more than 32 bits');
  }
}
