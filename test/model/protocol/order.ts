// The steps of the protocol and their order. A step is what the kernel, or one aligned store, makes indivisible; the names are
// those of native/. It is data, so that a test can take a step away and see what it was good for.

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

export type FoldStep =
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
  readonly move: readonly OwnerStep[];
  readonly close: readonly OwnerStep[];
  readonly fold: readonly FoldStep[];
  readonly read: readonly ReadStep[];
  readonly moveChangesId: boolean;
  // The folded ids that a new archive lists: its own and those whose files are still there; its own alone; none at all.
  readonly lists: 'until the file is gone' | 'once' | 'never';
  readonly readerSkipsFolded: boolean;
}

export const protocol: Protocol = {
  create: ['createTemporary', 'lockTemporary', 'publish'],
  move: ['copyToTemporary', 'lockCopy', 'renameOver', 'unlockOld'],
  close: ['markClosed', 'unlock'],
  // openSegment to readSegment for each name, unlinkSegments for each file.
  fold: [
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
  moveChangesId: true,
  lists: 'until the file is gone',
  readerSkipsFolded: true,
};

// The bit of a segment in a set of ids.
export function idOf(file: number, filesEach: number, { moveChangesId }: Protocol): number {
  return 1 << (moveChangesId ? file : file - (file % filesEach));
}
