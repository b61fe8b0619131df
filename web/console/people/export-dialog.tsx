/** Hands out everyone who matches what the address asks for, as a file. The dialog says first how many these are. */
import { useRef } from 'react';
import type { PeoplePage, PeopleQuery } from '../../../src/contracts/console/shapes/people.ts';
import { download } from '../api.ts';
import { ActDialog } from '../parts/dialog.tsx';
import { saveFile } from '../parts/save-file.ts';
import { useToasts } from '../parts/toasts.tsx';
import { useFormats } from '../texts/texts.tsx';
import { usePeopleTexts } from './people-texts.ts';

export function ExportDialog({
  query,
  found,
  onClose,
}: {
  readonly query: PeopleQuery;
  readonly found: Pick<PeoplePage, 'total' | 'isExact'>;
  readonly onClose: () => void;
}) {
  const texts = usePeopleTexts();
  const formats = useFormats();
  const { tell } = useToasts();
  const reading = useRef<AbortController>(undefined);
  const count = formats.count(found.isExact ? texts.total : texts.atLeast, found.total);
  return (
    <ActDialog
      title={texts.export.title}
      text={
        <>
          <p>
            <strong>{count}</strong>
          </p>
          <p>{texts.export.does}</p>
        </>
      }
      doIt={texts.export.doIt}
      onDo={async () => {
        reading.current = new AbortController();
        const { signal } = reading.current;
        saveFile(await download('/people-export', { query: { ...query }, signal }));
        tell(texts.export.done);
      }}
      onClose={() => {
        reading.current?.abort();
        onClose();
      }}
      onDone={onClose}
    />
  );
}
