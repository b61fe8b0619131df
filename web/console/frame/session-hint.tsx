/** Says that the session ends soon, so that no work is lost. */
import { Alert, Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Icon } from '../parts/icon.tsx';
import { sessionKey, useSession } from '../session.tsx';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';

const hintMs = 10 * 60_000;
const checkMs = 15_000;

export function SessionHint() {
  const { frame } = useTexts();
  const formats = useFormats();
  const queries = useQueryClient();
  const { expiresAt } = useSession();
  const leftMs = new Date(expiresAt).getTime() - useNow(checkMs);
  useEffect(() => {
    if (leftMs <= 0) void queries.invalidateQueries({ queryKey: sessionKey });
  }, [leftMs, queries]);
  if (leftMs > hintMs) return null;
  return (
    <Alert color="yellow" variant="light" role="status" icon={<Icon name="clock" />} className="session-hint">
      <p>
        {fillText(frame.endsSoon, { time: formats.duration(Math.max(0, leftMs)) })} {frame.endsSoonHint}
      </p>
      <Button size="xs" variant="default" onClick={() => queries.setQueryData(sessionKey, null)}>
        {frame.signInAgain}
      </Button>
    </Alert>
  );
}

/** The present time, again after each `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
  return now;
}
