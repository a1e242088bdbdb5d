/** Reads the fields of Protobuf messages one after the other. */
export class ProtobufCursor {
  at = 0;
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #texts = new TextDecoder();
  #wireType = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The number of the next field of a message that ends at `end`; 0 when there is none. */
  field(end: number): number {
    if (this.at >= end) return 0;
    const tag = this.unsigned();
    this.#wireType = tag % 8;
    return Math.floor(tag / 8);
  }

  /** Exact up to 2^53. */
  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  signed(): number {
    const value = this.unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  double(): number {
    this.at += 8;
    return this.#view.getFloat64(this.at - 8, true);
  }

  /** The end of the message, text or list that begins here. */
  end(): number {
    const length = this.unsigned();
    return this.at + length;
  }

  text(): string {
    const end = this.end();
    const text = this.#texts.decode(this.bytes.subarray(this.at, end));
    this.at = end;
    return text;
  }

  /** Over the value of a field that is not read. */
  skip(): void {
    if (this.#wireType === 0) this.unsigned();
    else if (this.#wireType === 2) this.at = this.end();
    else this.at += this.#wireType === 1 ? 8 : 4;
  }
}
