/**
 * Gives every user the present key of the email. The keys come from code (UTS 46), so no statement of SQL can set them.
 * It works in batches, each a transaction of its own; after a stop it starts again and finds the users that are left.
 *
 * Of two users with one mailbox only one can have the key, because keys are unique: the one whose spelling is the key
 * already, else the older one. The other keeps its spelling as its key, and is found by it.
 */
import { canonicalEmail, earlierEmailKey } from '../../core/directory/email-address.ts';
import type { MigrationTarget, RunQuery } from '../migrate.ts';

interface KeyedRow {
  readonly org_key: number;
  readonly seq: number;
  readonly created_at: number;
  readonly email: string;
  readonly email_canonical: string;
}

const batchRows = 500;
const columns = 'org_key, seq, created_at, email, email_canonical';

/** Only keys outside ASCII may change. Their length in bytes is another than in characters. */
const selectBatch = `
  select ${columns} from users
  where (org_key, email_canonical) > ($1, $2) and email_canonical is not null
    and octet_length(email_canonical) <> length(email_canonical)
  order by org_key, email_canonical limit ${batchRows}`;
const selectHolder = `select ${columns} from users where org_key = $1 and email_canonical = $2`;
const updateKey = 'update users set email_canonical = $1 where org_key = $2 and seq = $3';

export async function renewEmailKeys(target: MigrationTarget): Promise<void> {
  let last: Pick<KeyedRow, 'org_key' | 'email_canonical'> | undefined = { org_key: 0, email_canonical: '' };
  while (last !== undefined) {
    const { org_key, email_canonical } = last;
    last = await target.inBatch(async (run) => {
      const rows = (await run(selectBatch, [org_key, email_canonical])) as KeyedRow[];
      for (const row of rows) await renewKey(run, row);
      return rows.at(-1);
    });
  }
}

async function renewKey(run: RunQuery, row: KeyedRow): Promise<void> {
  const key = canonicalEmail(row.email);
  if (key === row.email_canonical) return;
  const [holder] = (await run(selectHolder, [row.org_key, key])) as KeyedRow[];
  if (holder !== undefined) {
    const spelling = earlierEmailKey(holder.email);
    if (spelling === key || !isOlder(row, holder)) return;
    await run(updateKey, [spelling, holder.org_key, holder.seq]);
  }
  await run(updateKey, [key, row.org_key, row.seq]);
}

function isOlder(one: KeyedRow, other: KeyedRow): boolean {
  return one.created_at === other.created_at ? one.seq < other.seq : one.created_at < other.created_at;
}
