import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig } from '../config/config.ts';
import type { Environment } from '../config/environment.ts';
import { createAppAddress } from './address.ts';

const addressOf = (env: Environment) => createAppAddress(readConfig(env).config);

describe('the address of a deployment', () => {
  test('follows from the settings: the link from the public address, and the public address from the port', () => {
    assert.equal(addressOf({ PORT: '9' }).linkUrl, 'http://localhost:9/set-password');
    const behindProxy = addressOf({ ROSTER_PUBLIC_URL: 'https://id.example.com/roster/' });
    assert.equal(behindProxy.linkUrl, 'https://id.example.com/roster/set-password');
    assert.equal(addressOf({ ROSTER_LINK_URL: 'myapp://reset?v=2' }).linkUrl, 'myapp://reset?v=2');
  });

  test('has the port that the server got, with port 0', () => {
    const address = addressOf({ PORT: '0' });
    address.listensAt('http://127.0.0.1:40123');
    assert.equal(address.publicUrl, 'http://localhost:40123');
    assert.equal(address.linkUrl, 'http://localhost:40123/set-password');
    assert.equal(address.localUrl, 'http://127.0.0.1:40123');
    assert.equal(address.documentUrl, 'http://127.0.0.1:40123');
  });

  test('is the public address of the settings, whatever port the server got', () => {
    const address = addressOf({ PORT: '0', ROSTER_PUBLIC_URL: 'https://id.example.com' });
    address.listensAt('http://0.0.0.0:40123');
    assert.equal(address.publicUrl, 'https://id.example.com');
    assert.equal(address.documentUrl, 'https://id.example.com');
    assert.equal(address.localUrl, 'http://127.0.0.1:40123');
  });
});
