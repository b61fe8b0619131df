/** The registry of personal data for the tables of what staff does to people; `personal-data.ts` says what it means. */

export const peopleData = {
  trial_people: {
    columns: { org_key: 'plain', user_id: 'user', app_id: 'plain' },
    onErase: { do: 'delete', by: 'user_id' },
  },
  reveals: {
    columns: { org_key: 'plain', event_id: 'plain', user_id: 'user', reason: 'personal', at: 'plain' },
    onErase: { do: 'delete', by: 'user_id' },
  },
  bulk_acts: {
    columns: {
      org_key: 'plain',
      id: 'plain',
      act: 'plain',
      act_value: 'plain',
      made_by: 'staff',
      state: 'plain',
      total: 'plain',
      planned: 'plain',
      changed: 'plain',
      failed: 'plain',
      created_at: 'plain',
    },
    onErase: { do: 'keep', why: 'numbers of people, without anything about one of them' },
  },
  bulk_act_users: {
    columns: {
      org_key: 'plain',
      bulk_id: 'plain',
      user_id: 'user',
      leased_until: 'plain',
      created_at: 'plain',
    },
    onErase: { do: 'delete', by: 'user_id' },
  },
} as const;
