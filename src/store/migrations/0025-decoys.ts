/**
 * Messages and password tokens without a user: decoys, which do the work of a reset mail where no account has the address.
 * SQLite cannot let an existing column be null, so it writes both tables again. Messages are stored for 30 days at most.
 */
import type { Migration } from '../migrate.ts';
import type { Dialect } from '../sql/dialect.ts';

export const decoys: Migration = {
  version: 25,
  name: 'decoys',
  statements(dialect) {
    const { allowNull } = dialect;
    if (allowNull === null) return writtenAgain(dialect);
    return [allowNull('messages', 'user_id'), allowNull('password_tokens', 'user_id')];
  },
};

const messageColumns = `seq, org_key, id, user_id, channel, template, is_outbox_only, sealed_content, state, attempts,
  next_attempt_at, created_at`;
const tokenColumns = 'org_key, digest, user_id, purpose, expires_at, email_digest';

function writtenAgain({
  types: { integer, flag, text },
  sequence,
  rowKey,
  rowTable,
  keyTable,
}: Dialect): readonly string[] {
  return [
    `create table new_messages (
      seq ${sequence},
      org_key ${integer} not null,
      id ${text} not null,
      user_id ${text},
      channel ${text} not null check (channel in ('sms', 'email')),
      template ${text} not null,
      is_outbox_only ${flag} not null check (is_outbox_only in (0, 1)),
      sealed_content ${text},
      state ${text} not null check (state in ('queued', 'sent', 'kept', 'failed')),
      attempts ${integer} not null,
      next_attempt_at ${integer} not null,
      created_at ${integer} not null,
      ${rowKey} (org_key, id),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${rowTable}`,
    `insert into new_messages (${messageColumns}) select ${messageColumns} from messages`,
    'drop table messages',
    'alter table new_messages rename to messages',
    'create index messages_user on messages (org_key, user_id)',
    `create index messages_due on messages (next_attempt_at, seq) where state = 'queued'`,
    'create index messages_content on messages (seq) where sealed_content is not null',
    `create index messages_settled on messages (next_attempt_at) where state <> 'queued'`,

    `create table new_password_tokens (
      org_key ${integer} not null,
      digest ${text} not null,
      user_id ${text},
      purpose ${text} not null check (purpose in ('reset', 'invitation')),
      expires_at ${integer} not null,
      email_digest ${text},
      primary key (org_key, digest),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    `insert into new_password_tokens (${tokenColumns}) select ${tokenColumns} from password_tokens`,
    'drop table password_tokens',
    'alter table new_password_tokens rename to password_tokens',
    'create index password_tokens_user on password_tokens (org_key, user_id)',
    'create index password_tokens_expiry on password_tokens (expires_at)',
  ];
}
