/**
 * Clients that ask all the time, over bare sockets, and count what a stop of the server costs them. Each has its own habit:
 * one request after the other on a connection that is kept, several at a time, a body that arrives slowly, a pause between two
 * requests, or a connection for each request. A client that is refused a connection tries again soon.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the clients have met. */
export interface Meetings {
  /** Complete answers. */
  answered: number;
  /** Those of them with 201. */
  created: number;
  /** Requests behind an answer that announced the end of its connection; the client may send them again. */
  returned: number;
  /** Connections that nothing accepted. */
  refused: number;
  /** Connections that were reset, after an answer or with a request under way. */
  resets: number;
  /** Connections that were reset before their first answer: the system made them, and nothing accepted them. */
  newResets: number;
  /** Requests whose connection ended in order, without an answer and without notice. */
  unanswered: number;
  /** Answers that began and did not end. */
  cut: number;
  /** Answers with another status than 200, 201 or 503. */
  odd: number;
}

export interface Habit {
  /** Requests that are sent together. */
  readonly together?: number;
  /** The pause after each answer. */
  readonly pauseMs?: number;
  /** The pause between the two halves of a request. */
  readonly halvesMs?: number;
  /** Whether each request has a connection of its own. */
  readonly isNewEach?: boolean;
}

export interface SteadyClients {
  readonly met: Meetings;
  /** Lets each client finish the request that is under way; resolves with what all have met. */
  stop(): Promise<Meetings>;
}

const retryMs = 20;
/** A connection without an answer for so long counts as unanswered. */
const answerMsMax = 30_000;

export function noMeetings(): Meetings {
  return {
    ...{ answered: 0, created: 0, returned: 0, refused: 0 },
    ...{ resets: 0, newResets: 0, unanswered: 0, cut: 0, odd: 0 },
  };
}

/** Everything that no client may meet, as a short text; empty where there is nothing. */
export function faultsOf({ resets, unanswered, cut, odd }: Meetings): string {
  const faults = { resets, unanswered, cut, odd };
  return Object.entries(faults)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

/** Starts one client for each habit. `request` makes the bytes of the next request of a client. */
export function startClients(
  port: number,
  habits: readonly Habit[],
  request: (habit: Habit) => string,
): SteadyClients {
  const met = noMeetings();
  let isOver = false;
  const live = async (habit: Habit): Promise<void> => {
    while (!isOver) {
      const line = await open(port);
      if (line === null) {
        met.refused += 1;
        await sleep(retryMs);
      } else await talk(line, habit);
    }
  };
  const talk = async (line: Line, habit: Habit): Promise<void> => {
    do {
      const { together = 1, pauseMs = 0, halvesMs = 0 } = habit;
      const texts = Array.from({ length: together }, () => request(habit));
      const text = texts.join('');
      const half = halvesMs === 0 ? text.length : text.length - 5;
      line.write(text.slice(0, half));
      if (halvesMs > 0) {
        await sleep(halvesMs);
        line.write(text.slice(half));
      }
      for (let left = together; left > 0; left--) {
        const answer = await line.answer();
        if (typeof answer === 'string') {
          const isNew = line.answers === 0;
          if (answer === 'reset') met[isNew ? 'newResets' : 'resets'] += 1;
          else met[answer] += 1;
          line.close();
          return;
        }
        met.answered += 1;
        if (answer.status === 201) met.created += 1;
        else if (answer.status !== 200 && answer.status !== 503) met.odd += 1;
        if (answer.isLast) {
          met.returned += left - 1;
          line.close();
          return;
        }
      }
      if (habit.isNewEach === true) break;
      await sleep(pauseMs);
      // The server may end a connection between two requests.
    } while (!isOver && !line.hasEnded);
    line.close();
  };
  const lives = Promise.all(habits.map(live));
  return {
    met,
    async stop() {
      isOver = true;
      await lives;
      return met;
    },
  };
}

type Answer = { readonly status: number; readonly isLast: boolean } | 'reset' | 'unanswered' | 'cut';

interface Line {
  readonly answers: number;
  readonly hasEnded: boolean;
  write(text: string): void;
  /** The next answer, or how the connection ended instead. */
  answer(): Promise<Answer>;
  close(): void;
}

/** Null where nothing listens. */
function open(port: number): Promise<Line | null> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let isOpen = false;
    socket.once('connect', () => {
      isOpen = true;
      resolve(lineOver(socket));
    });
    socket.on('error', () => {
      if (!isOpen) resolve(null);
    });
  });
}

function lineOver(socket: Socket): Line {
  let text = '';
  let end: 'reset' | 'unanswered' | null = null;
  let notice = (): void => {};
  let answers = 0;
  socket.setEncoding('latin1');
  socket.on('data', (piece: string) => {
    text += piece;
    notice();
  });
  socket.on('end', () => {
    end ??= 'unanswered';
    notice();
  });
  socket.on('error', () => {
    end = 'reset';
    notice();
  });
  socket.setTimeout(answerMsMax, () => {
    end ??= 'unanswered';
    notice();
  });
  return {
    get answers() {
      return answers;
    },
    get hasEnded() {
      return end !== null;
    },
    write: (bytes) => {
      socket.write(bytes);
    },
    async answer() {
      for (;;) {
        const length = lengthOf(text);
        if (length !== null) {
          const answer = text.slice(0, length);
          text = text.slice(length);
          answers += 1;
          return { status: Number(answer.slice(9, 12)), isLast: /^connection: close\r$/im.test(answer) };
        }
        if (end !== null) return text === '' ? end : 'cut';
        await new Promise<void>((resolve) => {
          notice = resolve;
        });
      }
    },
    close: () => socket.destroy(),
  };
}

/** The length of the first answer in the text; null while it is not complete. */
function lengthOf(text: string): number | null {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return null;
  const fields = text.slice(0, head);
  const body = head + 4;
  if (/^transfer-encoding: chunked\r?$/im.test(fields)) {
    const end = text.indexOf('\r\n0\r\n\r\n', head + 2);
    return end < 0 ? null : end + 7;
  }
  const length = Number(/^content-length: (\d+)\r?$/im.exec(fields)?.[1] ?? 0);
  return text.length >= body + length ? body + length : null;
}
