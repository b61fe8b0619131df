/**
 * A process that runs commands one after the other: each is the call of `main` that `bin/roster` makes, with an environment and an
 * output of its own. A start loads the whole program, which takes longer than most commands.
 */
import { main } from '../../src/main.ts';

export type Settings = Readonly<Record<string, string>>;

/** The result of a command. */
export interface Ended {
  /** Null if a signal ended the command. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the host gets; it answers with an `Ended`. */
export interface CommandRequest {
  readonly words: readonly string[];
  readonly env: Settings;
}

// Each command adds listeners, as it may in a process of its own.
process.setMaxListeners(0);
process.stdout.setMaxListeners(0);

process.on('message', async ({ words, env }: CommandRequest) => {
  process.env = { ...env };
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)];
  const exitCode = await main(words);
  process.send?.({ exitCode, stdout: stdout(), stderr: stderr() } satisfies Ended);
});
process.once('disconnect', () => process.exit());

/** Keeps what is written to a stream; the function ends that and returns the text. */
function capture(stream: NodeJS.WriteStream): () => string {
  const { write } = stream;
  const chunks: Buffer[] = [];
  const keep = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    chunks.push(Buffer.from(chunk as string));
    const done = rest.findLast((each) => typeof each === 'function');
    if (done !== undefined) process.nextTick(done);
    return true;
  };
  stream.write = keep;
  return () => {
    stream.write = write;
    return Buffer.concat(chunks).toString();
  };
}
