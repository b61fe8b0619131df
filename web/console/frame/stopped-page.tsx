/** What a page shows after an error of its own program. The frame around it goes on. */
import { Button } from '@mantine/core';
import { useTexts } from '../texts/texts.tsx';

export function StoppedPage() {
  const { frame } = useTexts();
  return (
    <div className="notice" role="alert">
      <h1>{frame.broken}</h1>
      <p>{frame.brokenHint}</p>
      <Button onClick={() => window.location.reload()}>{frame.reload}</Button>
    </div>
  );
}
