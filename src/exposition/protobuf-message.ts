/** The bytes of a Protobuf message. Whole numbers are exact up to 2^53. Each method appends and returns the message. */
export class Message {
  readonly #parts: Buffer[] = [];

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  text(field: number, text: string): this {
    return this.#sized(field, Buffer.from(text));
  }

  message(field: number, inner: Message): this {
    return this.#sized(field, inner.bytes);
  }

  unsigned(field: number, value: number): this {
    return this.#varint(field * 8).#varint(value);
  }

  signed(field: number, value: number): this {
    return this.#varint(field * 8).zigZag(value);
  }

  double(field: number, value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return this.#varint(field * 8 + 1).#raw(bytes);
  }

  /** Without a field, as in packed lists. */
  zigZag(value: number): this {
    return this.#varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /** A message after its length, without a field. */
  delimited(message: Message): this {
    const { bytes } = message;
    return this.#varint(bytes.length).#raw(bytes);
  }

  #sized(field: number, bytes: Buffer): this {
    return this.#varint(field * 8 + 2)
      .#varint(bytes.length)
      .#raw(bytes);
  }

  #varint(value: number): this {
    const bytes: number[] = [];
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    return this.#raw(Buffer.from([...bytes, rest]));
  }

  #raw(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }
}
