/** One person. */
import { PageHead } from '../parts/page-head.tsx';
import { useTexts } from '../texts/texts.tsx';

export function Page() {
  const { pages } = useTexts();
  return <PageHead title={pages.person} />;
}
