/** An instant as people read it: how far from now, and in the title the moment in the reader's zone. */
import { useFormats, useTexts } from '../texts/texts.tsx';

export function Moment({
  at,
  as = 'distance',
}: {
  /** ISO 8601; null for an instant that has not come. */
  readonly at: string | null;
  readonly as?: 'distance' | 'date' | 'moment';
}) {
  const texts = useTexts();
  const formats = useFormats();
  if (at === null) return <span className="dim">{texts.never}</span>;
  return (
    <time dateTime={at} title={formats.moment(at)}>
      {formats[as](at)}
    </time>
  );
}
