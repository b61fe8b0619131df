/**
 * The life of a noun as a table: state, event, next state. A missing edge is a refusal. `docs/states.md` is drawn
 * from these tables.
 */
import { refuse } from './errors.ts';

export type Transitions<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>;

/** The state after the event; refuses with `wrong_state` where the table has no such edge. */
export function nextState<State extends string, Event extends string>(
  transitions: Transitions<State, Event>,
  from: State,
  event: Event,
): State {
  const to = transitions[from][event];
  if (to === undefined) throw refuse('wrong_state', { from, to: event });
  return to;
}
