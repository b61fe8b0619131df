/** What of a report makes a directory unsound. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Organization } from '../directory/organization.ts';
import { type DirectoryReport, faultsOf, nothingCounted } from './maintenance.ts';

const organization = { id: 'org_1' } as Organization;
const counts = { pending: 0, active: 1, inactive: 0 };
const noUser = { pending: 0, active: 0, inactive: 0 };

function reportWith({ isRepaired }: { readonly isRepaired: boolean }): DirectoryReport {
  const at = { organization, isRepaired };
  return {
    ...{ organizations: 1, users: 1, problems: [], emailPairs: [] },
    differences: [{ ...at, counted: counts, kept: noUser, faults: 1 }],
    wrongLists: [{ ...at, lists: ['all'] }],
    search: [{ ...at, blocks: 2, wrong: 1 }],
  };
}

test('each kind of fault is told', () => {
  assert.deepEqual(faultsOf(reportWith({ isRepaired: false })), [
    'the stored counts of org_1 are wrong',
    'the stored counts of audit events of org_1 are wrong',
    'the search blocks of org_1 are wrong',
  ]);
  assert.deepEqual(faultsOf({ ...nothingCounted, problems: ['page 4 is damaged'] }), ['page 4 is damaged']);
});

test('what was repaired is no fault, and neither are two users with one mailbox', () => {
  const pair = { organization, holderId: 'a', otherId: 'b' } as DirectoryReport['emailPairs'][number];
  assert.deepEqual(faultsOf({ ...reportWith({ isRepaired: true }), emailPairs: [pair] }), []);
});
