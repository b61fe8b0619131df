/**
 * Finds users of all organizations. Each index begins with the organization, so one statement looks into each of them. That takes
 * about a microsecond for an organization and a name, and no index more, which every new user would pay for.
 */
import { sql } from 'kysely';
import { canonicalEmail, earlierEmailKey, emailSpellingsOf } from '../../core/directory/email-address.ts';
import type { UserDirectory, UserNames, UserPlace } from '../../core/directory/user-store.ts';
import type { OrgKey, UserId } from '../../core/ids.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from './scope.ts';

const everywhere = () =>
  build
    .selectFrom('organizations')
    .innerJoin('users', 'users.org_key', 'organizations.org_key')
    .select('organizations.org_key as orgKey');

const withId = statement((p: Binder<{ id: string }>) => everywhere().where('users.id', '=', p('id')));
const withNumber = statement((p: Binder<{ number: number }>) =>
  everywhere().where('users.number', '=', p('number')),
);
const withEmail = statement((p: Binder<{ one: string; two: string }>) =>
  everywhere().where('users.email_canonical', 'in', [p('one'), p('two')]),
);
const withExternalId = statement((p: Binder<{ externalId: string }>) =>
  everywhere().where('users.external_id', '=', p('externalId')),
);

/** Along the index of the requests, which are few. */
const withRequest = statement((p: Binder<{ one: string; two: string; three: string }>) =>
  build
    .selectFrom('users')
    .select('org_key as orgKey')
    .where('email_requested_at', '>', 0)
    .where(sql<string>`lower(requested_email)`, 'in', [p('one'), p('two'), p('three')]),
);

/** Ids that one statement looks for. */
const idsMax = 100;
const places = statement((p: Binder<Record<`id${number}`, string>>) =>
  everywhere()
    .select('users.id as userId')
    .where(
      'users.id',
      'in',
      Array.from({ length: idsMax }, (_, at) => p(`id${at}`)),
    ),
);

export class SqlUserDirectory implements UserDirectory {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async listOrganizations({ id, number, text }: UserNames): Promise<readonly OrgKey[]> {
    const { executor } = this.#scope;
    const [one = text, two = one, three = two] = emailSpellingsOf(text);
    const found = await Promise.all([
      id === null ? [] : executor.rows(withId, { id }),
      number === null ? [] : executor.rows(withNumber, { number }),
      executor.rows(withEmail, { one: canonicalEmail(text), two: earlierEmailKey(text) }),
      executor.rows(withRequest, { one, two, three }),
      executor.rows(withExternalId, { externalId: text }),
    ]);
    return [...new Set(found.flat().map(({ orgKey }) => orgKey))];
  }

  async findPlaces(ids: readonly UserId[]): Promise<readonly UserPlace[]> {
    const found: UserPlace[] = [];
    for (let at = 0; at < ids.length; at += idsMax) {
      const values: Record<`id${number}`, string> = {};
      // The empty text is no user's id.
      for (let place = 0; place < idsMax; place++) values[`id${place}`] = ids[at + place] ?? '';
      found.push(...(await this.#scope.executor.rows(places, values)));
    }
    return found;
  }
}
