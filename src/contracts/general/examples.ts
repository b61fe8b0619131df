/** The examples of the document, for the reference. */
import type { GeneralUser, UserList } from './schemas.ts';

export const userExample: GeneralUser = {
  id: 123,
  email: 'john@example.com',
  first_name: 'John',
  last_name: 'Doe',
  phone: '+1-555-123-4567',
  date_of_birth: '1990-05-15',
  language: 'en',
  role: 'parent',
  active: true,
  clinical: true,
  confirmed: true,
  created_at: '2023-10-20T10:00:00.000Z',
  updated_at: '2023-10-20T15:30:00.000Z',
};

/** The user that `createExample` creates. */
export const newUserExample: GeneralUser = {
  ...userExample,
  confirmed: false,
  updated_at: userExample.created_at,
};

export const listExample: UserList = {
  users: [userExample],
  meta: { page: 1, page_size: 25, total: 1, total_pages: 1 },
};

export const createExample = {
  user: {
    email: 'john@example.com',
    password: 'securepassword123',
    first_name: 'John',
    last_name: 'Doe',
    phone: '+1-555-123-4567',
    date_of_birth: '1990-05-15',
    language: 'en',
  },
  clinical: true,
  native_signup: false,
};

export const updateExample = { user: { first_name: 'Jonathan', phone: '+1-555-987-6543' } };

export const updatedExample: GeneralUser = {
  ...userExample,
  first_name: 'Jonathan',
  phone: '+1-555-987-6543',
  confirmed: false,
};

export const approvedExample: GeneralUser = { ...userExample, clinical: true };

export const cancelledExample: GeneralUser = { ...userExample, active: false };

export const confirmExample = { user_id: 123, confirmation_code: '123456' };

export const confirmedExample = {
  verified: true,
  user: { id: 123, email: 'john@example.com', confirmed: true },
};

export const emailExample = { email: 'john@example.com' };

export const signInExample = { email: 'john@example.com', password: 'securepassword123' };

/** A token in the form of links and sessions; it is not valid. */
const tokenOf = (prefix: string): string => `${prefix}_zik0zj_${'x'.repeat(43)}`;

export const ownSessionsExample = [
  {
    id: 'ses_7c1f0b7e92d44a6d8c1f0b7e92d44a6d',
    created_at: '2026-01-15T10:30:00.000Z',
    last_used_at: '2026-01-16T08:00:00.000Z',
    current: true,
  },
];

export const sessionExample = { token: tokenOf('st'), user: userExample };

export const resetExample = { token: tokenOf('pr'), password: 'another-good-one-7' };
