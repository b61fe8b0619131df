/** Changes and reads of an organization that go on until they are ended, and what must be there then. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { User } from '../../src/core/directory/user.ts';
import { isRefusal } from '../../src/core/errors.ts';
import type { UserId } from '../../src/core/ids.ts';
import type { Tx } from '../../src/core/unit-of-work.ts';
import type { Store } from '../../src/store/store.ts';
import { newUser, type Tenant } from '../store/harness.ts';

export class Load {
  readonly #store: Store;
  readonly #tenant: Tenant;
  readonly #running: Promise<unknown>;
  /** The users who are there, each with the name that was acknowledged last. */
  readonly #names = new Map<UserId, string>();
  readonly #erased: UserId[] = [];
  /** Users with a change that was refused: it may have happened. */
  readonly #unknown = new Set<UserId>();
  #acknowledged = 0;
  #isEnding = false;

  /** Begins at once. */
  constructor(store: Store, tenant: Tenant) {
    this.#store = store;
    this.#tenant = tenant;
    this.#running = Promise.all([this.#write(), this.#write(), this.#read()]);
  }

  /** Waits until as many further changes are acknowledged. */
  async acknowledge(changes: number): Promise<void> {
    const end = this.#acknowledged + changes;
    while (this.#acknowledged < end) await nextTurn();
  }

  /** Ends the load. Every acknowledged change is there, once, and counts and search are right. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#running;
    for (const [id, name] of this.#names) assert.equal((await this.#find(id))?.firstName, name);
    for (const id of this.#erased) assert.equal(await this.#find(id), null);
    const { orgKey } = this.#tenant;
    const { counted, kept, faults } = await this.#store.checkCounts(orgKey);
    assert.deepEqual([kept, faults], [counted, 0]);
    const more = counted.active + counted.pending + counted.inactive - this.#names.size;
    assert.ok(more >= 0 && more <= this.#unknown.size, `${more} users more than acknowledged`);
    assert.equal((await this.#store.checkSearch(orgKey, { repairs: false })).wrong, 0);
  }

  /** Creates two users, changes the name of the first one and erases the second one, again and again. */
  async #write(): Promise<void> {
    for (let round = 0; !this.#isEnding; round++) {
      const [first, second] = [newUser(this.#tenant, { firstName: 'Ann' }), newUser(this.#tenant)];
      for (const user of [first, second]) {
        if (!(await this.#change(user.id, (tx) => tx.users.insert(user)))) continue;
        this.#names.set(user.id, user.firstName ?? '');
      }
      const name = `Bea ${round}`;
      const renames = (tx: Tx, user: User) => tx.users.update(user, { firstName: name });
      if (await this.#changeThere(first.id, renames)) this.#names.set(first.id, name);
      if (await this.#changeThere(second.id, (tx, user) => tx.users.erase(user, [])))
        this.#erased.push(second.id);
    }
  }

  /** The user is in no list until the change is acknowledged. */
  async #changeThere(id: UserId, work: (tx: Tx, user: User) => Promise<unknown>): Promise<boolean> {
    if (!this.#names.delete(id)) return false;
    return this.#change(id, async (tx) => {
      const user = await tx.users.find({ id });
      assert.ok(user !== null, `${id} is lost`);
      await work(tx, user);
    });
  }

  async #change(id: UserId, work: (tx: Tx) => Promise<unknown>): Promise<boolean> {
    try {
      await this.#store.change(this.#tenant.orgKey, work);
      this.#acknowledged++;
      return true;
    } catch (error) {
      if (!isRefusal(error, 'unavailable')) throw error;
      this.#unknown.add(id);
      return false;
    }
  }

  async #read(): Promise<void> {
    while (!this.#isEnding) {
      await nextTurn();
      const [id] = [...this.#names.keys()].slice(-3);
      if (id === undefined) continue;
      try {
        const user = await this.#find(id);
        assert.ok(user !== null || !this.#names.has(id), `${id} is lost`);
      } catch (error) {
        if (!isRefusal(error, 'unavailable')) throw error;
      }
    }
  }

  #find(id: UserId): Promise<User | null> {
    return this.#store.read(this.#tenant.orgKey, (tx) => tx.users.find({ id }));
  }
}
