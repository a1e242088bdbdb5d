/** A header as Node and `fetch` give it. A list stands for several headers of that name. */
export type HeaderValue = string | readonly string[] | null | undefined;

/** The compressions of an exposition, in HTTP's words. `zstd` needs Node 22.15 or newer. */
export type ContentEncoding = 'gzip' | 'zstd';
