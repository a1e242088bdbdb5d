import zlib from 'node:zlib';
import type { ContentEncoding, HeaderValue } from '../model/http';
import { clausesOf } from './header';

/** All that are offered, the preferred one first. */
export const contentEncodings: readonly ContentEncoding[] = ['gzip', 'zstd'];

/** Those that an option `compress` offers. */
export function encodingsOf(
  compress: boolean | readonly ContentEncoding[] = true,
): readonly ContentEncoding[] {
  if (typeof compress !== 'boolean') return compress;
  return compress ? contentEncodings : [];
}

type Compress = (bytes: Buffer) => Promise<Buffer>;

/** Node has it since 22.15. */
const { zstdCompress } = zlib as { zstdCompress?: (bytes: Buffer, done: zlib.CompressCallback) => void };

// Higher levels take up to five times as long and save a tenth.
const gzipOptions: zlib.ZlibOptions = { level: 1, memLevel: 9, chunkSize: 256 * 1024 };
const compressors: Partial<Record<ContentEncoding, Compress>> = {
  gzip: promised((bytes, done) => zlib.gzip(bytes, gzipOptions, done)),
  ...(zstdCompress && { zstd: promised(zstdCompress) }),
};

/** As `promisify()` of `node:util`, which a test may have mocked when this module is loaded. */
function promised(compress: (bytes: Buffer, done: zlib.CompressCallback) => void): Compress {
  return (bytes) =>
    new Promise((resolve, reject) => {
      compress(bytes, (error, result) => (error ? reject(error) : resolve(result)));
    });
}

/** A smaller body is one packet in any case. */
const worthCompressing = 1024;

/** The compressed bytes of a body that several responses share. */
const known = new WeakMap<Buffer, Map<ContentEncoding, Promise<Buffer>>>();

export interface Encoded {
  /** Undefined: the body is not compressed. */
  readonly contentEncoding: ContentEncoding | undefined;
  readonly body: Buffer;
}

/**
 * The body in the best encoding of an `Accept-Encoding` header that is offered; of equal ones the first of `offered`. An encoding of lower
 * quality than `identity` is not used. Works on the pool.
 */
export async function encoded(
  body: Buffer,
  acceptEncoding: HeaderValue,
  offered: readonly ContentEncoding[],
): Promise<Encoded> {
  const encoding = body.length > worthCompressing ? encodingFor(acceptEncoding, offered) : undefined;
  const compress = encoding && compressors[encoding];
  if (encoding === undefined || compress === undefined) return { contentEncoding: undefined, body };
  const results = known.get(body) ?? new Map<ContentEncoding, Promise<Buffer>>();
  known.set(body, results);
  const result = results.get(encoding) ?? compress(body);
  results.set(encoding, result);
  return { contentEncoding: encoding, body: await result };
}

function encodingFor(
  acceptEncoding: HeaderValue,
  offered: readonly ContentEncoding[],
): ContentEncoding | undefined {
  const clauses = clausesOf(acceptEncoding);
  const qualityOf = (encoding: ContentEncoding): number => {
    const named = clauses.find(({ value }) => value === encoding || value === `x-${encoding}`);
    return (named ?? clauses.find(({ value }) => value === '*'))?.quality ?? 0;
  };
  const plain = clauses.find(({ value }) => value === 'identity')?.quality ?? 0;
  const isWanted = (quality: number): boolean => quality > 0 && quality >= plain;
  const [best] = offered
    .filter((encoding) => compressors[encoding] !== undefined && isWanted(qualityOf(encoding)))
    .sort((a, b) => qualityOf(b) - qualityOf(a));
  return best;
}
