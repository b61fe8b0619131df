/** The table of people. */
import { PageHead } from '../parts/page-head.tsx';
import { useTexts } from '../texts/texts.tsx';

export function EnrolPage(_: { readonly onDone: () => void }) {
  const { pages } = useTexts();
  return <PageHead title={pages.person} />;
}
