import { describe, expect, test, vi } from 'vitest';
import { Group } from './protocol/group';
import { type Protocol, protocol } from './protocol/order';
import { explore, type Outcome } from './protocol/search';
import type { Setting } from './protocol/state';

// `npm run model` sets this: larger groups, the progress of the searches, and every counterexample step by step.
const thorough = process.env['MODEL'] === 'thorough';
vi.setConfig({ testTimeout: thorough ? 3_600_000 : 120_000 });

const pair: Setting = {
  owners: 2,
  increments: 1,
  rewrites: 1,
  compactors: 1,
  reader: false,
  locksExclude: true,
  evidence: 'exact',
  listings: 'stable',
};
const still: Setting = { ...pair, rewrites: 0 };
const evidenceErrs: Setting = { ...pair, evidence: 'guessed' };
const locksLie: Setting = { ...pair, locksExclude: false };

type Case = readonly [string, Setting];

const groups: readonly Case[] = [
  ['two owners that rewrite their segments, and two compactors', { ...pair, increments: 2, compactors: 2 }],
  ['two owners that rewrite their segments, a compactor and a reader', { ...pair, reader: true }],
  [
    'an owner that rewrites its segment twice, two compactors and a reader',
    { ...pair, owners: 1, increments: 3, rewrites: 2, compactors: 2, reader: true },
  ],
  ['three owners and a compactor', { ...still, owners: 3 }],
  ['evidence that may take a living owner for dead', evidenceErrs],
  ['locks that do not exclude, and one compactor', locksLie],
  ['locks that do not exclude, one compactor and a reader', { ...locksLie, rewrites: 0, reader: true }],
];

const largeGroups: readonly Case[] = [
  [
    'two owners that rewrite their segments, two compactors and a reader',
    { ...pair, increments: 2, compactors: 2, reader: true },
  ],
  [
    'two owners that rewrite their segments twice, and two compactors',
    { ...pair, increments: 3, rewrites: 2, compactors: 2 },
  ],
  ['three owners, a compactor and a reader', { ...still, owners: 3, reader: true }],
  ['three owners that rewrite their segments, and a compactor', { ...pair, owners: 3 }],
  ['evidence that may take a living owner for dead, and a reader', { ...evidenceErrs, reader: true }],
  ['locks that do not exclude, one compactor, a reader, and rewrites', { ...locksLie, reader: true }],
];

describe('nothing is lost or counted twice, and no read falls behind an earlier one, with', () => {
  test.each(thorough ? [...groups, ...largeGroups] : groups)('%s', (_, setting) => {
    expect(search(setting).violation).toBeUndefined();
  });
});

test('the search takes every step of the protocol', () => {
  const { steps } = search({ ...pair, owners: 1, reader: true });
  const { create, rewrite, close, compaction, read } = protocol;
  const missing = [...create, ...rewrite, ...close, ...compaction, ...read].filter(
    (step) => !steps.has(step) && ![...steps].some((taken) => taken.startsWith(`${step}, `)),
  );

  expect(missing).toEqual([]);
});

const lost = 'an increment is lost';
const twice = 'an increment counts twice';
const less = 'a read gives less than had been counted before it';
const more = 'a read gives more than has been counted';
const unlinked = 'a compactor unlinks the segment of an owner that lives';

const { create, rewrite, compaction, read } = protocol;

// The part of the protocol, the group, the protocol without that part, and the violation that follows.
type Removal = readonly [string, Setting, Partial<Protocol>, string];

const needed: readonly Removal[] = [
  ['an archive lists the ids of the segments in it', still, { lists: 'never' }, twice],
  ['an id stays listed until its file is gone', still, { lists: 'once' }, twice],
  ['a reader skips compacted segments', { ...still, reader: true }, { readerSkipsCompacted: false }, more],
  [
    'a reader checks the archive again (checkArchive)',
    { ...still, reader: true },
    { read: without(read, 'checkArchive') },
    less,
  ],
  [
    'the archive is renamed before segments are unlinked',
    still,
    { compaction: earlier(compaction, 'unlinkSegments', 'renameArchive') },
    lost,
  ],
  [
    'one compactor at a time (lockGroup)',
    { ...still, compactors: 2 },
    { compaction: without(compaction, 'lockGroup') },
    lost,
  ],
  [
    'lockSegment, as evidence may err',
    evidenceErrs,
    { compaction: without(compaction, 'lockSegment') },
    lost,
  ],
  ['checkEvidence, as locks may lie', locksLie, { compaction: without(compaction, 'checkEvidence') }, lost],
  ['checkName', pair, { compaction: without(compaction, 'checkName') }, twice],
  [
    'checkName comes after lockSegment',
    pair,
    { compaction: earlier(compaction, 'checkName', 'lockSegment') },
    twice,
  ],
  [
    'checkName comes after checkEvidence, as locks may lie',
    locksLie,
    { compaction: earlier(compaction, 'checkName', 'checkEvidence') },
    twice,
  ],
  [
    'a segment is locked before it is visible, as evidence may err',
    evidenceErrs,
    { create: earlier(create, 'publish', 'lockTemporary') },
    unlinked,
  ],
  [
    'a rewritten segment is locked before it is visible, as evidence may err',
    evidenceErrs,
    { rewrite: earlier(rewrite, 'renameOver', 'lockCopy') },
    unlinked,
  ],
  [
    'the old segment is unlocked after the new one is visible, as evidence may err',
    evidenceErrs,
    { rewrite: earlier(rewrite, 'unlockOld', 'renameOver') },
    unlinked,
  ],
];

describe('something goes wrong without this:', () => {
  test.each(needed)('%s', (_, setting, change, violation) => {
    expect(search(setting, change).violation?.what).toBe(violation);
  });
});

// The lock and the evidence each suffice where both are right. There are two because either may be wrong.
const spare: readonly (readonly [string, Setting, Partial<Protocol>])[] = [
  [
    'lockSegment, if evidence is exact',
    { ...pair, compactors: 2 },
    { compaction: without(compaction, 'lockSegment') },
  ],
  [
    'checkEvidence, if locks exclude',
    { ...pair, compactors: 2 },
    { compaction: without(compaction, 'checkEvidence') },
  ],
  [
    'that checkName comes after checkEvidence, if locks exclude',
    evidenceErrs,
    { compaction: earlier(compaction, 'checkName', 'checkEvidence') },
  ],
  [
    'that a segment is locked before it is visible, if evidence is exact',
    pair,
    {
      create: earlier(create, 'publish', 'lockTemporary'),
      rewrite: earlier(rewrite, 'renameOver', 'lockCopy'),
    },
  ],
  // A compactor adds a rewritten segment once, by its name. The new id is for readers, which keep records by id.
  ['that a rewritten segment gets a new id, for this proof', pair, { rewriteChangesId: false }],
];

describe('nothing goes wrong even without this:', () => {
  test.each(spare)('%s', (_, setting, change) => {
    expect(search(setting, change).violation).toBeUndefined();
  });
});

const limits: readonly (readonly [string, Setting, string])[] = [
  // Two machines on one directory: each has the group's lock. So a process that finds that locks do not exclude never compacts.
  ['two compactors where locks do not exclude', { ...still, locksExclude: false, compactors: 2 }, lost],
  ['evidence that errs where locks do not exclude', { ...evidenceErrs, locksExclude: false }, lost],
  // tmpfs does that when a listing takes more than one getdents call: the name goes to the place of the newest files, which
  // the listing may have passed. A buffer for the whole directory makes it one call.
  [
    'a listing without a name that is renamed over meanwhile',
    { ...pair, reader: true, listings: 'miss rewritten names' },
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
  const report = ({ states, transitions, longest }: Outcome, more: string) => {
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`${states} states, ${transitions} steps, ${longest} deep, ${seconds} s: ${more}`);
  };
  if (thorough) console.log(`\n${expect.getState().currentTestName}`);
  let next = 1_000_000;
  const outcome = explore(new Group(setting, { ...protocol, ...change }), (soFar, waiting) => {
    if (!thorough || soFar.states < next) return;
    next = soFar.states + 1_000_000;
    report(soFar, `${waiting} waiting`);
  });
  if (thorough) {
    report(outcome, outcome.violation?.what ?? 'all done');
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
