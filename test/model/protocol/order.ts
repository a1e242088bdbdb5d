// The steps of the protocol and their order. The kernel, or one aligned store, makes a step indivisible; the names are those
// of native/. The order is data, so that a test can take a step away and see the violation that follows.

export type OwnerStep =
  | 'createTemporary'
  | 'lockTemporary'
  | 'publish'
  | 'copyToTemporary'
  | 'lockCopy'
  | 'renameOver'
  | 'unlockOld'
  | 'markClosed'
  | 'unlock';

export type CompactionStep =
  | 'lockGroup'
  | 'readArchive'
  | 'list'
  | 'openSegment'
  | 'lockSegment'
  | 'checkEvidence'
  | 'checkName'
  | 'readSegment'
  | 'writeTemporary'
  | 'renameArchive'
  | 'unlinkSegments'
  | 'unlockGroup';

export type ReadStep = 'readArchive' | 'list' | 'openSegment' | 'readSegment' | 'checkArchive';

export interface Protocol {
  readonly create: readonly OwnerStep[];
  readonly rewrite: readonly OwnerStep[];
  readonly close: readonly OwnerStep[];
  readonly compaction: readonly CompactionStep[];
  readonly read: readonly ReadStep[];
  readonly rewriteChangesId: boolean;
  // The ids that a new archive lists: of its segments and of those whose files still exist; of its segments alone; none.
  readonly lists: 'until the file is gone' | 'once' | 'never';
  readonly readerSkipsCompacted: boolean;
}

export const protocol: Protocol = {
  create: ['createTemporary', 'lockTemporary', 'publish'],
  rewrite: ['copyToTemporary', 'lockCopy', 'renameOver', 'unlockOld'],
  close: ['markClosed', 'unlock'],
  // openSegment to readSegment for each name, unlinkSegments for each file.
  compaction: [
    'lockGroup',
    'readArchive',
    'list',
    'openSegment',
    'lockSegment',
    'checkEvidence',
    'checkName',
    'readSegment',
    'writeTemporary',
    'renameArchive',
    'unlinkSegments',
    'unlockGroup',
  ],
  // openSegment and readSegment for each name.
  read: ['readArchive', 'list', 'openSegment', 'readSegment', 'checkArchive'],
  rewriteChangesId: true,
  lists: 'until the file is gone',
  readerSkipsCompacted: true,
};

// The bit of a segment in a set of ids.
export function idOf(file: number, filesEach: number, { rewriteChangesId }: Protocol): number {
  return 1 << (rewriteChangesId ? file : file - (file % filesEach));
}
