import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { may, type StaffPrincipal, type StaffRole, staffRoles } from '../../src/core/access/principal.ts';
import { abilities, mayRole } from '../../web/console/abilities.ts';

describe('what the pages of the console offer', () => {
  const staff = (role: StaffRole): StaffPrincipal => ({
    ...{ kind: 'staff', door: 'console', role, orgKey: 1 },
    ...{ staffId: 'stf_1', sessionId: 'ses_1', freshUntil: 0 },
  });

  test('is what the rulebook allows, for each role', () => {
    for (const ability of Object.keys(abilities) as (keyof typeof abilities)[]) {
      for (const role of staffRoles) {
        assert.equal(mayRole(role, ability), may(staff(role), ability), `${role} ${ability}`);
      }
    }
  });
});
