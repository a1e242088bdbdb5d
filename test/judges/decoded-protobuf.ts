import { protobufFamilies } from '../../src/exposition/protobuf';

/** The fields of a message, by their numbers: numbers, or the bytes of texts and messages. */
type Fields = ReadonlyMap<number, readonly (number | Buffer)[]>;

export interface DecodedMetric {
  readonly labels: readonly [name: string, value: string][];
  /** Of the counter, gauge, summary or histogram. */
  readonly fields: Fields;
}

export interface DecodedFamily {
  readonly name: string;
  readonly type: string;
  readonly metrics: readonly DecodedMetric[];
}

const types = ['counter', 'gauge', 'summary', 'untyped', 'histogram'];

/** The families of an exposition in Protobuf. test/judges/protobuf.test.ts has protoc judge the bytes. */
export function decodedFamilies(exposition: Buffer): DecodedFamily[] {
  return [...protobufFamilies(exposition).values()].map((message) => {
    const fields = decode(message.subarray(varintAt(message, 0).end));
    return {
      name: textIn(fields, 1),
      type: types[numberIn(fields, 3)] ?? '',
      metrics: messagesIn(fields, 4).map(metricOf),
    };
  });
}

export function numberIn(fields: Fields, field: number): number {
  return (fields.get(field)?.[0] as number | undefined) ?? 0;
}

export function messagesIn(fields: Fields, field: number): Fields[] {
  return (fields.get(field) ?? []).map((bytes) => decode(bytes as Buffer));
}

/** The numbers of a packed list of signed varints. */
export function signedIn(fields: Fields, field: number): number[] {
  const numbers: number[] = [];
  for (const bytes of (fields.get(field) ?? []) as Buffer[]) {
    for (let at = 0; at < bytes.length; ) {
      const { value, end } = varintAt(bytes, at);
      numbers.push(signed(value));
      at = end;
    }
  }
  return numbers;
}

/** The number of a varint in the encoding of signed ones. */
export function signed(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

/** A google.protobuf.Timestamp in milliseconds; undefined where there is none. */
export function timeIn(fields: Fields, field: number): number | undefined {
  const [time] = messagesIn(fields, field);
  return time && numberIn(time, 1) * 1000 + Math.floor(numberIn(time, 2) / 1e6);
}

function metricOf(fields: Fields): DecodedMetric {
  const labels = messagesIn(fields, 1).map((label): [string, string] => [textIn(label, 1), textIn(label, 2)]);
  const [value] = [2, 3, 4, 5, 7].flatMap((field) => messagesIn(fields, field));
  return { labels, fields: value as Fields };
}

function textIn(fields: Fields, field: number): string {
  return ((fields.get(field)?.[0] as Buffer | undefined) ?? Buffer.alloc(0)).toString();
}

function decode(bytes: Buffer): Fields {
  const fields = new Map<number, (number | Buffer)[]>();
  for (let at = 0; at < bytes.length; ) {
    const { value: tag, end } = varintAt(bytes, at);
    const [field, wireType] = [Math.floor(tag / 8), tag % 8];
    const values = fields.get(field) ?? [];
    fields.set(field, values);
    if (wireType === 1) {
      values.push(bytes.readDoubleLE(end));
      at = end + 8;
    } else {
      const { value, end: next } = varintAt(bytes, end);
      values.push(wireType === 0 ? value : bytes.subarray(next, next + value));
      at = wireType === 0 ? next : next + value;
    }
  }
  return fields;
}

function varintAt(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start, scale = 1; ; scale *= 128) {
    const byte = bytes[at++] as number;
    value += (byte & 127) * scale;
    if (byte < 128) return { value, end: at };
  }
}
