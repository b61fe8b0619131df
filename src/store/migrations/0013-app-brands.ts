/** The colour and the logo of an app, which the web pages show. The logo is in Base64; its digest is in its address. */
import type { Migration } from '../migrate.ts';

export const appBrands: Migration = {
  version: 13,
  name: 'app-brands',
  statements: ({ types: { text } }) => [
    `alter table apps add column colour ${text}`,
    `alter table apps add column logo ${text}`,
    `alter table apps add column logo_digest ${text}`,
  ],
};
