import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConnectionShape, SourceShape } from '../../src/pages/connect/connect-shapes.ts';
import { SessionResults } from '../../web/connect/session-results.ts';

function source(title: string, connection: Partial<ConnectionShape> | null): SourceShape {
  const shape = connection && {
    id: `dev_${title}`,
    status: 'active' as const,
    connectedAt: null,
    ...connection,
  };
  return {
    provider: title.toLowerCase(),
    title,
    mark: null,
    isDemo: false,
    isOffered: true,
    connection: shape,
  };
}

const oura = { id: 'dev_Oura', name: 'Oura' };
const polar = { id: 'dev_Polar', name: 'Polar' };

describe('the results of a session', () => {
  test('earlier connections are in the list, and are no event', () => {
    const results = new SessionResults();
    assert.deepEqual(results.update([source('Oura', {}), source('Polar', null)]), []);
    assert.deepEqual(results.report(), {
      sessionResults: { connectedSources: [], disconnectedSources: [], requestedSources: [] },
      currentConnections: [oura],
      requestedProviders: [],
    });
  });

  test('a new connection is reported once', () => {
    const results = new SessionResults();
    results.update([source('Oura', {}), source('Polar', { status: 'pending' })]);
    assert.deepEqual(results.update([source('Oura', {}), source('Polar', {})]), [polar]);
    assert.deepEqual(results.update([source('Oura', {}), source('Polar', {})]), []);
    const { sessionResults, currentConnections } = results.report();
    assert.deepEqual(sessionResults.connectedSources, [polar]);
    assert.deepEqual(currentConnections, [oura, polar]);
  });

  test('a connection that needed its user and is active again is an event', () => {
    const results = new SessionResults();
    results.update([source('Oura', { status: 'needs_user' })]);
    assert.deepEqual(results.report().currentConnections, []);
    assert.deepEqual(results.update([source('Oura', {})]), [oura]);
  });

  test('a disconnected source is reported, and is not current even before the server confirms', () => {
    const results = new SessionResults();
    results.update([source('Oura', {}), source('Polar', {})]);
    results.disconnect(oura);
    const { sessionResults, currentConnections } = results.report();
    assert.deepEqual(sessionResults.disconnectedSources, [oura]);
    assert.deepEqual(currentConnections, [polar]);
    assert.deepEqual(results.update([source('Oura', { status: 'revoking' }), source('Polar', {})]), []);
  });

  test('an answer from before a disconnect adds no connection', () => {
    const results = new SessionResults();
    results.update([source('Oura', {})]);
    results.disconnect(oura);
    assert.deepEqual(results.update([source('Oura', {})]), []);
    assert.deepEqual(results.report().currentConnections, []);
  });

  test('a source that was connected and disconnected is in both lists', () => {
    const results = new SessionResults();
    results.update([source('Oura', null)]);
    results.update([source('Oura', {})]);
    results.disconnect(oura);
    assert.deepEqual(results.report().sessionResults, {
      connectedSources: [oura],
      disconnectedSources: [oura],
      requestedSources: [],
    });
  });
});
