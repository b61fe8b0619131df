/** What the dossier of a person shows, to whom, and that each look is recorded. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isRefusal } from '../../src/core/errors.ts';
import { findPeople } from '../../src/core/people/find-people.ts';
import { readSearchText } from '../../src/core/search/search-query.ts';
import { confirm } from '../contracts/general/sign-up.ts';
import { setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import { look, operatorOf, signUpPerson, staffOf } from './people.ts';

describe('a look at a person', () => {
  const roster = setUpRoster();
  const ledger = setUpLedger(roster);
  const fields = { phone: '+1-555-300-0201', date_of_birth: '1980-12-31', first_name: 'Zoë' };

  const search = (role: 'owner' | 'engineer', text: string) =>
    findPeople(roster.core, staffOf(roster, role), {
      query: readSearchText(text, 'q').query,
      filter: {},
      page: { page: 1, size: 20 },
    });

  test('shows what is proved, sessions, messages with what became of them, and is recorded', async () => {
    const person = await signUpPerson(roster, fields);
    await confirm(roster, person.number, '+15553000201');
    await ledger.mark();
    const seen = await look(roster, staffOf(roster, 'support'), person.id);
    await ledger.expect({
      audit: [{ action: 'user.read', actor_kind: 'staff', subject_id: person.id, door: 'console' }],
    });
    assert.equal(seen.isMasked, false);
    assert.equal(seen.user.phoneProvedAt, roster.clock.now());
    assert.equal(seen.user.emailProvedAt, null);
    assert.equal(seen.sessions.length, 1);
    assert.equal(seen.openCode, null);
    assert.deepEqual(
      seen.openLinks.map(({ purpose }) => purpose),
      ['proof'],
    );
    assert.deepEqual(
      seen.messages.map(({ template, state }) => [template, state]),
      [
        ['email_proof', 'kept'],
        ['confirmation', 'kept'],
      ],
    );
    assert.match(seen.messages[1]?.content?.code ?? '', /^\d{6}$/);
    assert.deepEqual(seen.signIn, { can: true, reasons: [] });
    assert.equal(seen.deletion.confirmation, person.email);
  });

  test('shows no text and no code in production', async () => {
    const person = await signUpPerson(roster, { phone: '+1-555-300-0202' });
    await roster.settle();
    const core = { ...roster.core, policy: { ...roster.core.policy, isProduction: true } };
    const seen = await look({ ...roster, core }, operatorOf(roster), person.id);
    assert.deepEqual(
      seen.messages.map(({ content }) => content),
      [null, null],
    );
  });

  test('masks personal data for an engineer, in the list and in the dossier', async () => {
    const person = await signUpPerson(roster, { ...fields, phone: '+1-555-300-0203' });
    await roster.settle();
    const engineer = staffOf(roster, 'engineer');
    const seen = await look(roster, engineer, person.id);
    const listed = await search('engineer', person.id);
    assert.equal(listed.items.length, 1);
    const text = JSON.stringify([seen, listed]);
    for (const secret of [person.email, 'Zoë', 'Doe', '5553000203', '1980', '555-300-0203']) {
      assert.ok(!text.includes(secret), secret);
    }
    assert.deepEqual([seen.isMasked, listed.isMasked, seen.deletion.confirmation], [true, true, null]);
    assert.match(seen.user.email ?? '', /^.•••@e•••\.com$/);
    assert.equal(seen.user.phoneE164, '+•••03');
    assert.ok(Object.values(seen.acts).every(({ why }, at) => why === 'role' || at === 11));
    assert.equal(seen.acts.reveal.isAllowed, true);
  });

  test('an engineer does not learn masked values by a search, letter by letter', async () => {
    const person = await signUpPerson(roster, { first_name: 'Quentin' });
    assert.equal((await search('owner', 'Quent')).total, 1);
    for (const text of ['Quent', person.email, 'q', '555']) {
      if (text === '555') assert.equal((await search('engineer', text)).total, 0);
      else {
        await assert.rejects(search('engineer', text), (error) => isRefusal(error, 'invalid_fields'), text);
      }
    }
    assert.equal((await search('engineer', String(person.number))).total, 1);
    assert.ok((await search('engineer', '')).total > 1);
  });
});
