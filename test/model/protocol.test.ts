import { describe, expect, test, vi } from 'vitest';
import { Group } from './protocol/group';
import { type Protocol, protocol } from './protocol/order';
import { explore, type Outcome } from './protocol/search';
import type { Setting } from './protocol/state';

// `npm run model` sets this: larger groups, how far the searches are, and every counterexample step by step.
const thorough = process.env['MODEL'] === 'thorough';
vi.setConfig({ testTimeout: thorough ? 3_600_000 : 120_000 });

const pair: Setting = {
  owners: 2,
  increments: 1,
  moves: 1,
  folders: 1,
  reader: false,
  locksExclude: true,
  evidence: 'exact',
  listings: 'stable',
};
const still: Setting = { ...pair, moves: 0 };
const evidenceErrs: Setting = { ...pair, evidence: 'guessed' };
const locksLie: Setting = { ...pair, locksExclude: false };

type Case = readonly [string, Setting];

const groups: readonly Case[] = [
  ['two owners that move, and two folders', { ...pair, increments: 2, folders: 2 }],
  ['two owners that move, a folder and a reader', { ...pair, reader: true }],
  [
    'an owner that moves twice, two folders and a reader',
    { ...pair, owners: 1, increments: 3, moves: 2, folders: 2, reader: true },
  ],
  ['three owners and a folder', { ...still, owners: 3 }],
  ['evidence that may take the living for dead', evidenceErrs],
  ['locks that exclude nobody, and one folder', locksLie],
  ['locks that exclude nobody, one folder and a reader', { ...locksLie, moves: 0, reader: true }],
];

const largeGroups: readonly Case[] = [
  ['two owners that move, two folders and a reader', { ...pair, increments: 2, folders: 2, reader: true }],
  ['two owners that move twice, and two folders', { ...pair, increments: 3, moves: 2, folders: 2 }],
  ['three owners, a folder and a reader', { ...still, owners: 3, reader: true }],
  ['three owners that move, and a folder', { ...pair, owners: 3 }],
  ['evidence that may take the living for dead, and a reader', { ...evidenceErrs, reader: true }],
  ['locks that exclude nobody, one folder, a reader, and moves', { ...locksLie, reader: true }],
];

describe('nothing is lost or counted twice, and no read falls behind an earlier one, with', () => {
  test.each(thorough ? [...groups, ...largeGroups] : groups)('%s', (_, setting) => {
    expect(search(setting).violation).toBeUndefined();
  });
});

test('the search takes every step of the protocol', () => {
  const { steps } = search({ ...pair, owners: 1, reader: true });
  const { create, move, close, fold, read } = protocol;
  const missing = [...create, ...move, ...close, ...fold, ...read].filter(
    (step) => !steps.has(step) && ![...steps].some((taken) => taken.startsWith(`${step}, `)),
  );

  expect(missing).toEqual([]);
});

const lost = 'an increment is lost';
const twice = 'an increment counts twice';
const less = 'a read gives less than had been counted before it';
const more = 'a read gives more than has been counted';
const unlinked = 'a folder unlinks the segment of an owner that lives';

const { create, move, fold, read } = protocol;

// What is done, where, the protocol without it, and what goes wrong then.
type Removal = readonly [string, Setting, Partial<Protocol>, string];

const needed: readonly Removal[] = [
  ['an archive lists the ids it has taken in', still, { lists: 'never' }, twice],
  ['an id stays listed until its file is gone', still, { lists: 'once' }, twice],
  ['a reader skips the folded', { ...still, reader: true }, { readerSkipsFolded: false }, more],
  [
    'a reader looks at the archive again (checkArchive)',
    { ...still, reader: true },
    { read: without(read, 'checkArchive') },
    less,
  ],
  [
    'the archive is renamed before segments are unlinked',
    still,
    { fold: earlier(fold, 'unlinkSegments', 'renameArchive') },
    lost,
  ],
  ['one fold at a time (lockGroup)', { ...still, folders: 2 }, { fold: without(fold, 'lockGroup') }, lost],
  ['lockSegment, as evidence may err', evidenceErrs, { fold: without(fold, 'lockSegment') }, lost],
  ['checkEvidence, as locks may lie', locksLie, { fold: without(fold, 'checkEvidence') }, lost],
  ['checkName', pair, { fold: without(fold, 'checkName') }, twice],
  ['checkName comes after lockSegment', pair, { fold: earlier(fold, 'checkName', 'lockSegment') }, twice],
  [
    'checkName comes after checkEvidence, as locks may lie',
    locksLie,
    { fold: earlier(fold, 'checkName', 'checkEvidence') },
    twice,
  ],
  [
    'a segment is locked before it is visible, as evidence may err',
    evidenceErrs,
    { create: earlier(create, 'publish', 'lockTemporary') },
    unlinked,
  ],
  [
    'a moved segment is locked before it is visible, as evidence may err',
    evidenceErrs,
    { move: earlier(move, 'renameOver', 'lockCopy') },
    unlinked,
  ],
  [
    'the old segment is unlocked after the new one is visible, as evidence may err',
    evidenceErrs,
    { move: earlier(move, 'unlockOld', 'renameOver') },
    unlinked,
  ],
];

describe('something goes wrong without this:', () => {
  test.each(needed)('%s', (_, setting, change, violation) => {
    expect(search(setting, change).violation?.what).toBe(violation);
  });
});

// The lock and the evidence each suffice where both tell the truth; they are two because either may not.
const spare: readonly (readonly [string, Setting, Partial<Protocol>])[] = [
  ['lockSegment, if evidence is exact', { ...pair, folders: 2 }, { fold: without(fold, 'lockSegment') }],
  ['checkEvidence, if locks exclude', { ...pair, folders: 2 }, { fold: without(fold, 'checkEvidence') }],
  [
    'that checkName comes after checkEvidence, if locks exclude',
    evidenceErrs,
    { fold: earlier(fold, 'checkName', 'checkEvidence') },
  ],
  [
    'that a segment is locked before it is visible, if evidence is exact',
    pair,
    {
      create: earlier(create, 'publish', 'lockTemporary'),
      move: earlier(move, 'renameOver', 'lockCopy'),
    },
  ],
  // A folder can add a moved segment only once, whatever its id: by its name. Readers that keep what they learned of a
  // segment by its id need the new one.
  ['that a moved segment gets a new id, for this proof', pair, { moveChangesId: false }],
];

describe('nothing goes wrong even without this:', () => {
  test.each(spare)('%s', (_, setting, change) => {
    expect(search(setting, change).violation).toBeUndefined();
  });
});

const limits: readonly (readonly [string, Setting, string])[] = [
  // Two machines on one directory: each has the group's lock. So whoever finds that locks lie does not fold at all.
  ['two folders where locks exclude nobody', { ...still, locksExclude: false, folders: 2 }, lost],
  ['evidence that errs where locks exclude nobody', { ...evidenceErrs, locksExclude: false }, lost],
  // tmpfs does that when a listing takes more than one getdents call: the name moves to where the newest files are, which
  // the listing may have passed. A buffer that holds the whole directory makes it one call.
  [
    'a listing without a name that is renamed over meanwhile',
    { ...pair, reader: true, listings: 'miss the moved' },
    less,
  ],
];

describe('the protocol does not withstand', () => {
  test.each(limits)('%s', (_, setting, violation) => {
    expect(search(setting).violation?.what).toBe(violation);
  });
});

function search(setting: Setting, change: Partial<Protocol> = {}): Outcome {
  const started = Date.now();
  const tell = ({ states, transitions, longest }: Outcome, more: string) => {
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`${states} states, ${transitions} steps, ${longest} deep, ${seconds} s: ${more}`);
  };
  if (thorough) console.log(`\n${expect.getState().currentTestName}`);
  let next = 1_000_000;
  const outcome = explore(new Group(setting, { ...protocol, ...change }), (soFar, waiting) => {
    if (!thorough || soFar.states < next) return;
    next = soFar.states + 1_000_000;
    tell(soFar, `${waiting} to go on from`);
  });
  if (thorough) {
    tell(outcome, outcome.violation?.what ?? 'all done');
    for (const step of outcome.violation?.history ?? []) console.log(`  ${step}`);
  }
  return outcome;
}

function without<Step>(steps: readonly Step[], step: Step): Step[] {
  return steps.filter((other) => other !== step);
}

// The same steps, but `step` comes just before `other`.
function earlier<Step>(steps: readonly Step[], step: Step, other: Step): Step[] {
  return without(steps, step).flatMap((each) => (each === other ? [step, other] : [each]));
}
