/** The receipt as a sheet of paper for the person. Only a printer shows it, alone. */
import { fillText, useFormats } from '../texts/texts.tsx';
import { useErasureTexts } from './erasures-texts.ts';
import { keysPath, readJson } from './verify-receipt.ts';

interface SheetClaims {
  readonly iss?: string;
  readonly organization?: { readonly id: string; readonly name: string };
  readonly erasure_id?: string;
  readonly user_id_sha256?: string;
  readonly requested_at?: string;
  readonly completed_at?: string;
  readonly removed?: Readonly<Record<string, number>>;
  readonly providers?: readonly {
    readonly provider: string;
    readonly outcome: string;
    readonly at: string;
  }[];
  readonly kept?: readonly { readonly table: string; readonly why: string }[];
}

export function ReceiptSheet({ receipt }: { readonly receipt: string }) {
  const texts = useErasureTexts();
  const formats = useFormats();
  const claims: SheetClaims = readJson(receipt.split('.')[1] ?? '') ?? {};
  const { organization, iss = window.location.origin, providers = [], kept = [] } = claims;
  const row = (name: string, value: string | undefined) =>
    value === undefined || value === '' ? null : (
      <tr>
        <th scope="row">{name}</th>
        <td>{value}</td>
      </tr>
    );
  const moment = (at: string | undefined): string | undefined =>
    at === undefined ? undefined : formats.moment(at);
  return (
    <article className="sheet">
      <h2>{texts.sheetTitle}</h2>
      <p>{fillText(texts.sheetLead, { organization: organization?.name ?? iss })}</p>
      <table>
        <tbody>
          {row(
            texts.sheetOrganization,
            organization === undefined ? undefined : `${organization.name} (${organization.id})`,
          )}
          {row(texts.sheetIssuer, iss)}
          {row(texts.erasure, claims.erasure_id)}
          {row(texts.digest, claims.user_id_sha256)}
          {row(texts.requested, moment(claims.requested_at))}
          {row(texts.completed, moment(claims.completed_at))}
          {row(
            texts.removed,
            Object.entries(claims.removed ?? {})
              .map(([table, count]) => `${table} ${formats.number(count)}`)
              .join(', '),
          )}
          {row(
            texts.providers,
            providers
              .map(({ provider, outcome, at }) => `${provider}: ${outcome}, ${formats.moment(at)}`)
              .join('; '),
          )}
          {row(texts.sheetKept, kept.map(({ table, why }) => `${table} (${why})`).join('; '))}
        </tbody>
      </table>
      <p>{fillText(texts.sheetHow, { keys: `${iss}${keysPath}` })}</p>
      <p className="sheet-receipt">{receipt}</p>
    </article>
  );
}
