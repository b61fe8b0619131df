/** What each of the four contracts answers about a person, side by side. */
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useId } from 'react';
import type { PersonContracts } from '../../../src/contracts/console/shapes/people.ts';
import { call } from '../api.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { Loading } from '../parts/loading.tsx';
import { Problem } from '../parts/problem.tsx';
import { fillText } from '../texts/texts.tsx';
import { personKey } from './person-query.ts';
import { usePersonTexts } from './person-texts.ts';

const contracts = ['sonar', 'general', 'humanapi', 'organization'] as const;

export function Contracts({ id }: { readonly id: string }) {
  const { contracts: texts } = usePersonTexts();
  const { data, error, refetch } = useQuery({
    queryKey: [...personKey(id), 'contracts'],
    queryFn: ({ signal }) =>
      call<PersonContracts>('GET', `/people/${encodeURIComponent(id)}/contracts`, { signal }),
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  if (data === undefined) {
    return <Loading />;
  }
  return (
    <>
      <p className="dim small contracts-hint">{texts.hint}</p>
      <div className="contracts">
        {contracts.map((contract) => (
          <Answer
            key={contract}
            contract={contract}
            body={data[contract]}
            copyLabel={fillText(texts.copy, { contract })}
          />
        ))}
      </div>
    </>
  );
}

function Answer({
  contract,
  body,
  copyLabel,
}: {
  readonly contract: string;
  readonly body: unknown;
  readonly copyLabel: string;
}) {
  const id = useId();
  const json = JSON.stringify(body, null, 2) ?? 'null';
  return (
    <section className="contract" aria-labelledby={id}>
      <header>
        <h2 id={id} className="mono">
          {contract}
        </h2>
        <CopyButton text={json} label={copyLabel} />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls takes the focus, so that keys scroll it */}
      <pre tabIndex={0}>{coloured(json)}</pre>
    </section>
  );
}

/** The names of the members stand back, so that the values are read first. */
function coloured(json: string): ReactNode {
  return json.split('\n').map((line, index) => {
    const [, indent = '', name, rest = ''] = /^(\s*)("(?:[^"\\]|\\.)*":)?(.*)$/.exec(line) ?? [];
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: the lines have no other identity
      <span key={index}>
        {indent}
        {name !== undefined && <span className="json-name">{name}</span>}
        <span className={/^ ?"/.test(rest) ? 'json-text' : 'json-value'}>{rest}</span>
        {'\n'}
      </span>
    );
  });
}
