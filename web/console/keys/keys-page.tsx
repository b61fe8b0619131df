/** Keys and apps: what gives access to the APIs, and how the apps of the organization look. */
import '../styles/lists.css';
import { Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { AppsAnswer, KeyItem, KeysAnswer } from '../../../src/contracts/console/shapes/keys.ts';
import { call, serverNow } from '../api.ts';
import { Icon } from '../parts/icon.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Panel, State } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { useMay } from '../session.tsx';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';
import { AppDialog, type OpenApp } from './app-dialogs.tsx';
import { AppList } from './app-list.tsx';
import { KeyDialog, type OpenKey } from './key-dialogs.tsx';
import { appsKey, keysKey, nameOfKey } from './keys-query.ts';
import { useKeysTexts } from './keys-texts.ts';

const hourMs = 3_600_000;
const tones = { active: 'good', expired: 'warn', revoked: 'plain' } as const;

export function Page() {
  const texts = useKeysTexts();
  const { pages } = useTexts();
  const [openKey, setOpenKey] = useState<OpenKey | null>(null);
  const [openApp, setOpenApp] = useState<OpenApp | null>(null);
  const keys = useQuery({
    queryKey: keysKey,
    queryFn: ({ signal }) => call<KeysAnswer>('GET', '/keys', { signal }),
  });
  const apps = useQuery({
    queryKey: appsKey,
    queryFn: ({ signal }) => call<AppsAnswer>('GET', '/apps', { signal }),
  });
  return (
    <div className="list-page">
      <PageHead title={pages.keys} />
      <Panel
        title={texts.keys}
        note={texts.keysHint}
        actions={
          <Button size="xs" leftSection={<Icon name="plus" />} onClick={() => setOpenKey({ what: 'create' })}>
            {texts.newKey}
          </Button>
        }
      >
        <Problem error={keys.error} onRetry={() => void keys.refetch()} />
        {keys.data === undefined && keys.error === null && <Loader size="sm" aria-hidden />}
        {keys.data?.items.length === 0 && <p className="empty-note">{texts.noKeys}</p>}
        {keys.data !== undefined && keys.data.items.length > 0 && (
          <KeyTable keys={keys.data.items} onOpen={setOpenKey} />
        )}
      </Panel>
      <Panel
        title={texts.apps}
        note={texts.appsHint}
        actions={
          <Button size="xs" leftSection={<Icon name="plus" />} onClick={() => setOpenApp({ what: 'create' })}>
            {texts.newApp}
          </Button>
        }
      >
        <Problem error={apps.error} onRetry={() => void apps.refetch()} />
        {apps.data === undefined && apps.error === null && <Loader size="sm" aria-hidden />}
        {apps.data !== undefined && <AppList apps={apps.data.items} onOpen={setOpenApp} />}
      </Panel>
      <Panel title={texts.providers} note={texts.providersHint}>
        {apps.data?.providers.length === 0 && <p className="dim">{texts.noProviders}</p>}
        <ul className="line-buttons">
          {apps.data?.providers.map(({ name, title }) => (
            <li key={name}>
              <State tone="good">{title}</State>
            </li>
          ))}
        </ul>
      </Panel>
      {openKey !== null && <KeyDialog open={openKey} onOpen={setOpenKey} onClose={() => setOpenKey(null)} />}
      {openApp !== null && <AppDialog open={openApp} onOpen={setOpenApp} onClose={() => setOpenApp(null)} />}
    </div>
  );
}

function KeyTable({
  keys,
  onOpen,
}: {
  readonly keys: readonly KeyItem[];
  readonly onOpen: (open: OpenKey) => void;
}) {
  const texts = useKeysTexts();
  // What can be used comes first; the order of creation stays.
  const inOrder = [...keys].sort(
    (left, right) => Number(left.state === 'revoked') - Number(right.state === 'revoked'),
  );
  return (
    <table className="list-table" aria-label={texts.keys}>
      <thead>
        <tr>
          <th scope="col">{texts.name}</th>
          <th scope="col">{texts.role}</th>
          <th scope="col">{texts.state}</th>
          <th scope="col">{texts.used}</th>
          <th scope="col">{texts.expires}</th>
          <th scope="col">
            <span className="visually-hidden">{texts.acts}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {inOrder.map((key) => (
          <KeyRow key={key.id} item={key} onOpen={onOpen} />
        ))}
      </tbody>
    </table>
  );
}

function KeyRow({ item, onOpen }: { readonly item: KeyItem; readonly onOpen: (open: OpenKey) => void }) {
  const texts = useKeysTexts();
  const formats = useFormats();
  const name = nameOfKey(item);
  const isLive = item.state !== 'revoked';
  const isForOwners = !useMay()('console.keys.deleting') && item.role === 'admin';
  const act = (what: 'edit' | 'rotate' | 'revoke' | 'end-former', label: string, title: string) => (
    <Button
      size="xs"
      variant={what === 'revoke' ? 'subtle' : 'default'}
      {...(what === 'revoke' ? { color: 'red' } : {})}
      title={fillText(title, { name })}
      onClick={() => onOpen({ what, item })}
    >
      {label}
    </Button>
  );
  return (
    <tr>
      <td>
        <strong>{item.name ?? texts.unnamed}</strong>
        <br />
        <span className="mono dim">{item.id}</span>
        {item.formerUntil !== null && (
          <p className="small former">
            {fillText(texts.former, { time: formats.moment(item.formerUntil) })};{' '}
            {item.formerUsedAt === null
              ? texts.formerUnused
              : fillText(texts.formerUsed, { time: formats.distance(item.formerUsedAt) })}{' '}
            {act('end-former', texts.endFormer, texts.endFormer)}
          </p>
        )}
      </td>
      <td data-name={texts.role}>{texts.roles[item.role].split(':')[0]}</td>
      <td>
        <State tone={tones[item.state]}>{texts.states[item.state]}</State>
      </td>
      <td data-name={texts.used}>
        <Used item={item} />
      </td>
      <td data-name={texts.expires}>
        {item.expiresAt === null ? (
          <span className="dim">{texts.never}</span>
        ) : (
          <Moment at={item.expiresAt} as="date" />
        )}
      </td>
      <td>
        {isLive && (
          <div className="row-acts">
            {isForOwners && <span className="dim small">{texts.ownersRotate}</span>}
            {!isForOwners && act('edit', texts.edit, texts.editOf)}
            {!isForOwners && act('rotate', texts.rotate, texts.rotateOf)}
            {act('revoke', texts.revoke, texts.revokeOf)}
          </div>
        )}
      </td>
    </tr>
  );
}

/** The hour of the last use: the first use of an hour is noted, so a use of this hour may be just now. */
function Used({ item: { usedAt, network } }: { readonly item: KeyItem }) {
  const texts = useKeysTexts();
  if (usedAt === null) return <span className="dim">{texts.neverUsed}</span>;
  const isThisHour = serverNow() - Date.parse(usedAt) < hourMs;
  return (
    <>
      {isThisHour ? texts.inHour : <Moment at={usedAt} />}
      <br />
      {network !== null && <span className="dim small">{fillText(texts.usedFrom, { network })}</span>}
    </>
  );
}
