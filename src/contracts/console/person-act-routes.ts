/** What staff does to a person in the console: acts, changes of fields, and the deletion. */
import type { Core } from '../../core/core.ts';
import { refuse } from '../../core/errors.ts';
import { actOnPerson, editPerson } from '../../core/people/acts-on-person.ts';
import { deletePerson } from '../../core/people/delete-person.ts';
import { getPerson } from '../../core/people/person.ts';
import { personActs } from '../../core/people/person-act.ts';
import { revealPerson } from '../../core/people/reveal.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { readMembers } from '../../http/reading/members.ts';
import { presentPerson } from './people-present.ts';
import { personRef } from './people-routes.ts';
import {
  actAnswer,
  actBody,
  actParams,
  deleteAnswer,
  deleteBody,
  patchBody,
  person,
  personParams,
  revealAnswer,
  revealBody,
} from './people-schemas.ts';
import type { ActAnswer, DeleteAnswer, RevealAnswer } from './shapes/people.ts';
import { staffOf } from './staff-caller.ts';

const tag = 'People';

export function personActRoutes(core: Core): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/people/:id/acts/:act',
      operationId: 'actOnPerson',
      tag,
      summary: 'Do something to the account of a person',
      description:
        'Roles and clinical approval are for owners. These, a cancellation and another external id need a fresh second factor.',
      access: 'console.people.manage',
      params: actParams,
      body: actBody,
      bodyExample: { role: 'parent', isApproved: false, externalId: 'your-internal-id' },
      responses: { 200: { description: 'What was done', schema: actAnswer } },
      refusals: [
        'user_not_found',
        'invalid_fields',
        'wrong_state',
        'already_confirmed',
        'last_admin',
        'external_id_taken',
        'rate_limited',
        'fresh_factor_required',
      ],
      handle: (call) => act(core, call),
    },
    {
      method: 'POST',
      path: '/people/:id/reveal',
      operationId: 'revealPerson',
      tag,
      summary: 'Look at a masked field',
      description:
        'The look and its reason stand in the record. Needs a fresh second factor for all fields at once, and above a number of looks per hour.',
      access: 'console.people.read',
      params: personParams,
      body: revealBody,
      bodyExample: { field: 'email', reason: 'A mail was returned, and the address is to be compared.' },
      responses: { 200: { description: 'The values', schema: revealAnswer } },
      refusals: ['user_not_found', 'invalid_fields', 'fresh_factor_required', 'rate_limited'],
      sampleFaults: [{ field: 'reason', fault: 'too_short', min: 3 }],
      async handle(call) {
        const { field, reason } = readMembers(call.body);
        const values = await revealPerson(core, staffOf(call), { ref: personRef(call), field, reason });
        const body: RevealAnswer = { values };
        return { status: 200, body };
      },
    },
    {
      method: 'PATCH',
      path: '/people/:id',
      operationId: 'editPerson',
      tag,
      summary: 'Change fields of a person',
      description:
        'A field that is absent stays. The rules of the fields are those of the APIs. The email of a person with rights is for owners. Another email or phone needs a fresh second factor.',
      access: 'console.people.manage',
      params: personParams,
      body: patchBody,
      bodyExample: { firstName: 'Jane', timezone: 'Europe/Paris' },
      responses: { 200: { description: 'The person', schema: person } },
      refusals: [
        ...['user_not_found', 'invalid_fields', 'rate_limited', 'change_in_progress'],
        'fresh_factor_required',
      ] as const,
      handle: (call) => edit(core, call),
    },
    {
      method: 'POST',
      path: '/people/:id/delete',
      operationId: 'deletePerson',
      tag,
      summary: 'Delete a person permanently',
      description:
        'Needs a fresh second factor, and the confirmation that the person page shows. The erasure then runs to its receipt.',
      access: 'console.erasures.manage',
      params: personParams,
      body: deleteBody,
      bodyExample: { confirmation: 'jane@example.com' },
      responses: { 202: { description: 'The erasure has begun', schema: deleteAnswer } },
      refusals: ['user_not_found', 'invalid_fields', 'last_admin', 'fresh_factor_required'],
      sampleFaults: [{ field: 'confirmation', fault: 'differs' }],
      handle: (call) => remove(core, call),
    },
  ];
}

async function act(core: Core, call: Call): Promise<Answer> {
  const name = personActs.find((each) => each === call.params['act']);
  if (name === undefined) throw refuse('invalid_fields', { faults: [{ field: 'act', fault: 'invalid' }] });
  const { what, role, isApproved, externalId } = readMembers(call.body);
  const { user: _, ...outcome } = await actOnPerson(core, staffOf(call), {
    ref: personRef(call),
    act: name,
    values: { what, role, isApproved, externalId },
    arrival: call.arrival,
  });
  const body: ActAnswer = { act: name, ...outcome };
  return { status: 200, body };
}

async function edit(core: Core, call: Call): Promise<Answer> {
  const { email, firstName, lastName, phone, dateOfBirth, language, timezone, isTemplate } = readMembers(
    call.body,
  );
  const principal = staffOf(call);
  const { id } = await editPerson(core, principal, {
    ref: personRef(call),
    change: { email, firstName, lastName, phone, dateOfBirth, language, timezone, isTemplate },
    arrival: call.arrival,
  });
  const dossier = await getPerson(core, principal, { ref: { id } });
  return { status: 200, body: presentPerson(dossier, core.clock.now()) };
}

async function remove(core: Core, call: Call): Promise<Answer> {
  const { confirmation } = readMembers(call.body);
  const body: DeleteAnswer = await deletePerson(core, staffOf(call), { ref: personRef(call), confirmation });
  return { status: 202, body };
}
