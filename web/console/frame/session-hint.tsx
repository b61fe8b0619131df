/** Says that the session ends soon, so that no work is lost. */
import { Alert, Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { lastAnswer, serverNow } from '../api.ts';
import { Icon } from '../parts/icon.tsx';
import { sessionKey, sessionQuery, useSession } from '../session.tsx';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';

const hintMs = 5 * 60_000;
const checkMs = 10_000;

/**
 * The server ends a session after some idle time. The page knows the end as of its last question; if other calls were
 * answered since, it asks again before it says anything.
 */
export function SessionHint() {
  const { frame } = useTexts();
  const formats = useFormats();
  const queries = useQueryClient();
  const { expiresAt } = useSession();
  useTick(checkMs);
  const leftMs = new Date(expiresAt).getTime() - serverNow();
  const isSoon = leftMs < hintMs;
  const ask = (): void => void queries.invalidateQueries({ queryKey: sessionKey });

  useEffect(() => {
    if (!isSoon) return;
    const askedAt = queries.getQueryState(sessionKey)?.dataUpdatedAt ?? 0;
    const hasEnded = leftMs <= 0;
    if (hasEnded || lastAnswer() > askedAt + checkMs) {
      void queries.fetchQuery({ ...sessionQuery({ isRepeated: true }), staleTime: 0 }).catch(() => {});
    }
  }, [isSoon, leftMs, queries]);

  if (!isSoon) return null;
  return (
    <Alert color="yellow" variant="light" role="status" icon={<Icon name="clock" />} className="session-hint">
      <p>
        {fillText(frame.endsSoon, { time: formats.duration(Math.max(0, leftMs)) })} {frame.endsSoonHint}
      </p>
      <Button size="xs" variant="default" onClick={ask}>
        {frame.stay}
      </Button>
    </Alert>
  );
}

/** Draws again after each `everyMs`. */
export function useTick(everyMs: number): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => setTick((count) => count + 1), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
}
