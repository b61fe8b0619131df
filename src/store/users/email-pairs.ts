/**
 * Finds the users of one mailbox, of whom one keeps an earlier key of the email (`migrations/email-keys.ts`). Such pairs
 * are from before A-labels were compared.
 */
import { sql } from 'kysely';
import type { EmailPair } from '../../core/deployment/maintenance.ts';
import { canonicalEmail } from '../../core/directory/email-address.ts';
import type { OrgKey } from '../../core/ids.ts';
import type { Executor } from '../sql/executor.ts';
import { type Binder, rawStatement } from '../sql/statement.ts';
import { selectByEmail } from './user-queries.ts';

const batchRows = 1_000;

/** Only keys outside ASCII may differ from the present ones. Their length in bytes is another than in characters. */
const selectKeys = rawStatement(
  (p: Binder<{ orgKey: number; after: string }>) => sql<{ id: string; email: string; key: string }>`
    select id, email, email_canonical as key from users
    where org_key = ${p('orgKey')} and email_canonical > ${p('after')}
      and octet_length(email_canonical) <> length(email_canonical)
    order by email_canonical limit ${sql.lit(batchRows)}`,
);

export async function listEmailPairs(view: Executor, orgKey: OrgKey): Promise<readonly EmailPair[]> {
  const pairs: EmailPair[] = [];
  let after = '';
  for (;;) {
    const rows = await view.bulkRows(selectKeys, { orgKey, after });
    for (const { id, email, key } of rows) {
      const present = canonicalEmail(email);
      const holder =
        present === key ? undefined : await view.first(selectByEmail, { orgKey, email: present });
      if (holder !== undefined) pairs.push({ holderId: holder.id, otherId: id });
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < batchRows) return pairs;
    after = last.key;
  }
}
