/** The development outbox, live: what would have been sent, with codes to copy and links to follow. */
import '../styles/lists.css';
import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { OutboxAnswer, OutboxItem } from '../../../src/contracts/console/shapes/record.ts';
import { useAddressValues, useSetValues } from '../address.tsx';
import { call } from '../api.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { Icon } from '../parts/icon.tsx';
import { Loading } from '../parts/loading.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { State } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { fillText, useTexts } from '../texts/texts.tsx';
import { useWords, wordOf } from '../texts/words.ts';
import { useOutboxTexts } from './outbox-texts.ts';

const lookAgainMs = 2_000;

export function Page() {
  const texts = useOutboxTexts();
  const { pages } = useTexts();
  const values = useAddressValues();
  const setValues = useSetValues();
  const { data, error, refetch } = useQuery({
    queryKey: ['outbox'],
    queryFn: ({ signal }) => call<OutboxAnswer>('GET', '/outbox', { signal, isRepeated: true }),
    refetchInterval: lookAgainMs,
  });
  const wanted = (values['to'] ?? '').toLowerCase();
  const shown = data?.items.filter(({ to }) => to.toLowerCase().includes(wanted)) ?? [];
  return (
    <div className="list-page">
      <PageHead title={pages.outbox} />
      <p className="dim list-intro">
        {texts.intro} {data?.isMasked === true && texts.masked}
      </p>
      <div className="list-tools">
        <TextInput
          aria-label={texts.filter}
          placeholder={texts.filter}
          leftSection={<Icon name="search" />}
          value={values['to'] ?? ''}
          className="grow"
          onChange={(event) => setValues({ to: event.currentTarget.value }, { isReplaced: true })}
        />
      </div>
      <Problem error={error} onRetry={() => void refetch()} />
      {data === undefined && error === null && <Loading />}
      {data !== undefined && shown.length === 0 && (
        <p className="empty-note">{data.items.length === 0 ? texts.empty : texts.noMatch}</p>
      )}
      <ul className="outbox-list" aria-label={texts.list}>
        {shown.map((item) => (
          <Message key={item.id} item={item} />
        ))}
      </ul>
    </div>
  );
}

function Message({ item }: { readonly item: OutboxItem }) {
  const texts = useOutboxTexts();
  const words = useWords();
  const { channel, template, to, subject, body, code, links, createdAt } = item;
  return (
    <li className="panel outbox-item">
      <div className="line-buttons">
        <State tone="calm">{channel === 'sms' ? texts.sms : texts.email}</State>
        <span className="dim small">{wordOf(words.message, template)}</span>
        <strong>{fillText(texts.to, { to })}</strong>
        <span className="dim small">
          <Moment at={createdAt} />
        </span>
      </div>
      {subject !== '' && <p>{subject}</p>}
      {code !== null && (
        <p>
          {texts.code} <span className="outbox-code">{code}</span>{' '}
          <CopyButton text={code} label={texts.copyCode} />
        </p>
      )}
      {body !== '' && <pre className="outbox-body">{body}</pre>}
      {links.length > 0 && (
        <ul aria-label={texts.links}>
          {links.map((link) => (
            <li key={link}>
              <a href={link} target="_blank" rel="noreferrer" className="mono">
                {link}
              </a>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}
