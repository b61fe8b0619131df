/**
 * Reads of many callers in few rounds. While the server is busy with a round, what others ask is collected, and is the
 * next round: questions that are alike but for their values are one statement, and those that are quite alike are
 * asked once. So a round grows with the load, and whoever is alone waits for nobody.
 *
 * A question is never answered from a round that was sent before it came: what was committed by then is seen.
 */
import { postgresDialect } from '../../sql/dialect.ts';
import type { Statement, Values } from '../../sql/statement.ts';
import type { PostgresConnection } from '../connection.ts';

interface Question {
  readonly values: Values;
  readonly promise: Promise<unknown[]>;
  resolve(rows: unknown[]): void;
  reject(error: unknown): void;
}

interface Group {
  readonly statement: Statement<Values, unknown>;
  readonly questions: Map<string, Question>;
}

export class ReadRounds {
  readonly #connection: PostgresConnection;
  #groups = new Map<string, Group>();
  #isUnderWay = false;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  /** The rows of the next round; other callers may be given the same ones. */
  rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    const groupKey = `${statement.index} ${kindOf(values)}`;
    let group = this.#groups.get(groupKey);
    if (group === undefined) {
      group = { statement: statement as Statement<Values, unknown>, questions: new Map() };
      this.#groups.set(groupKey, group);
    }
    const key = JSON.stringify(values);
    let question = group.questions.get(key);
    if (question === undefined) {
      question = { values, ...Promise.withResolvers<unknown[]>() };
      group.questions.set(key, question);
    }
    if (!this.#isUnderWay) {
      this.#isUnderWay = true;
      void this.#run();
    }
    return question.promise as Promise<R[]>;
  }

  async #run(): Promise<void> {
    do {
      // Whatever the event loop has ready by now joins the round.
      await new Promise((resolve) => setImmediate(resolve));
      const groups = [...this.#groups.values()];
      this.#groups = new Map();
      await Promise.all(groups.map((group) => this.#ask(group)));
    } while (this.#groups.size > 0);
    this.#isUnderWay = false;
  }

  async #ask({ statement, questions }: Group): Promise<void> {
    const asked = [...questions.values()];
    try {
      const found = await this.#answers(statement, asked);
      for (const [at, question] of asked.entries()) question.resolve(found[at] ?? []);
    } catch (error) {
      // A value that the server does not take is the fault of one of them alone.
      const isShared = asked.length > 1 && !postgresDialect.isOutage(error);
      for (const question of asked) {
        if (isShared)
          this.#connection.rows(statement, question.values).then(question.resolve, question.reject);
        else question.reject(error);
      }
    }
  }

  async #answers(
    statement: Statement<Values, unknown>,
    asked: readonly Question[],
  ): Promise<readonly unknown[][]> {
    const [only, another] = asked;
    if (only !== undefined && (another === undefined || !isPlain(only.values))) {
      return Promise.all(asked.map(({ values }) => this.#connection.rows(statement, values)));
    }
    return this.#connection.rowsForEach(
      statement,
      asked.map(({ values }) => values),
    );
  }
}

/** What kinds of values these are: only those of the same kinds go together. */
function kindOf(values: Values): string {
  return Object.values(values)
    .map((value) => (value === null ? 'null' : typeof value))
    .join();
}

function isPlain(values: Values): boolean {
  return Object.values(values).every((value) => typeof value === 'number' || typeof value === 'string');
}
