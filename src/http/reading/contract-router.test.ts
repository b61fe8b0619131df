import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { Contract } from '../contract.ts';
import { createContractRouter } from './contract-router.ts';

const tower: Contract = {
  name: 'tower',
  title: 'Tower',
  description: '',
  claims: (path, headers) => path.startsWith('/v1/') && headers.authorization !== undefined,
  securitySchemes: {},
  authenticate: () => Promise.reject(new Error('not asked')),
  routes: () => [],
  present: () => ({ status: 500 }),
  allowsBrowsers: false,
};
const bridge: Contract = { ...tower, name: 'bridge', claims: (path) => path === '/v1/users' };
const options = {
  contracts: [tower, bridge],
  ownPaths: ['/healthz', '/docs/js/x.js', '/framed', '/framed/'],
  isHostRouted: true,
  publicUrl: () => 'https://id.example.com/roster',
};
const reach = createContractRouter(options);

function reached(url: string, host = 'localhost:8080', authorization?: string): string {
  const headers = authorization === undefined ? { host } : { host, authorization };
  return reach.rewrite(url, headers);
}

describe('the contract that a request reaches', () => {
  test('is chosen by the first label of the host, in any case, with or without a port', () => {
    for (const host of ['tower.example.com', 'Tower.localhost:8080', 'TOWER', 'tower:80', 'tower.']) {
      assert.equal(reached('/v1/users?a=b', host), '/tower/v1/users?a=b', host);
    }
    for (const host of ['towers.example.com', 'my.tower.example.com', '', '.tower', '[::1]:80', 'x-tower']) {
      assert.equal(reached('/elsewhere', host), '/elsewhere', host);
    }
  });

  test('is chosen by the prefix if the host names none, percent-encoded or not', () => {
    assert.equal(reached('/tower/v1/users'), '/tower/v1/users');
    assert.equal(reached('/%74ower/v1/users'), '/%74ower/v1/users');
    assert.equal(reach.contractAt('/%74ower/v1/users'), tower);
    assert.equal(reach.contractAt('/towers/v1/users'), null);
    assert.equal(reach.contractAt('/tower'), tower);
    assert.equal(reach.contractAt('/tower?x'), tower);
  });

  test('is the first that claims the bare path, where neither says anything', () => {
    assert.equal(reached('/v1/users', 'localhost', 'Bearer x'), '/tower/v1/users');
    assert.equal(reached('/v1/users?page=2'), '/bridge/v1/users?page=2');
    assert.equal(reached('/v1/%75sers'), '/bridge/v1/%75sers');
    assert.equal(reached('/v1/others'), '/v1/others');
  });

  test('a slash at the end of a path, and doubled ones before it, change nothing', () => {
    for (const [given, internal] of [
      ['/tower/v1/users/', '/tower/v1/users'],
      ['/tower/v1/users/?a=/', '/tower/v1/users?a=/'],
      ['/tower/v1/users?a=/', '/tower/v1/users?a=/'],
      ['//tower/v1/users', '/tower/v1/users'],
      ['/tower//v1/users/', '/tower/v1/users'],
      ['//tower///v1/users', '/tower/v1/users'],
      ['/v1/users/', '/bridge/v1/users'],
      ['//v1/users/?page=2', '/bridge/v1/users?page=2'],
      ['/tower/', '/tower'],
      ['/healthz/', '/healthz'],
      ['//healthz', '/healthz'],
      ['/framed/', '/framed/'],
      ['/framed/?a', '/framed/?a'],
      ['http://tower.test//v1/users/', '/tower/v1/users'],
      ['/', '/'],
      ['//', '/'],
      // Only one slash belongs to the path before it: an empty id stays an unknown one.
      ['/tower/v1/users//', '/tower/v1/users//'],
      ['/tower/v1/users//devices', '/tower/v1/users//devices'],
      // A base address may end after the version.
      ['/tower/v1//users', '/tower/v1/users'],
      ['//tower//v1///users/', '/tower/v1/users'],
      ['/v1//users/?page=2', '/bridge/v1/users?page=2'],
      ['/tower/api/v1//users', '/tower/api/v1/users'],
      ['/tower/v1/users/%2F', '/tower/v1/users/%2F'],
    ] as const) {
      assert.equal(reached(given), internal, given);
    }
    assert.equal(reached('//v1/users/', 'tower.localhost'), '/tower/v1/users');
  });

  test('the host beats the prefix, and the prefix beats the bare path', () => {
    assert.equal(reached('/bridge/v1/users', 'tower.localhost'), '/tower/bridge/v1/users');
    assert.equal(reached('/bridge/v1/users', 'localhost', 'Bearer x'), '/bridge/v1/users');
  });

  test('paths of our own pages belong to no contract, on any host', () => {
    for (const url of ['/healthz', '/healthz?x', '/docs', '/docs/js', '/%64ocs/js/x.js']) {
      assert.equal(reached(url, 'tower.localhost'), url);
    }
    assert.equal(reached('/healthzz', 'tower.localhost'), '/tower/healthzz');
  });

  test('the host can be left out of it', () => {
    const hostless = createContractRouter({ ...options, isHostRouted: false });
    assert.equal(hostless.rewrite('/v1/users', { host: 'tower.localhost' }), '/bridge/v1/users');
  });

  test('a contract can do without a host of its own', () => {
    const contracts = [{ ...tower, hasOwnHost: false }, bridge];
    const hidden = createContractRouter({ ...options, contracts });
    assert.equal(hidden.rewrite('/elsewhere', { host: 'tower.localhost' }), '/elsewhere');
    assert.equal(hidden.rewrite('/tower/v1/users', { host: 'tower.localhost' }), '/tower/v1/users');
    assert.equal(hidden.rewrite('/elsewhere', { host: 'bridge.localhost' }), '/bridge/elsewhere');
  });

  test('the address of a contract is its prefix below the public URL, or its own host', () => {
    assert.equal(reach.baseUrlOf('tower'), 'https://id.example.com/roster/tower');
    assert.equal(reach.baseUrlOf(null), 'https://id.example.com/roster');
    const publicUrl = () => 'https://tower.example.com';
    const own = createContractRouter({ ...options, publicUrl });
    assert.equal(own.baseUrlOf('tower'), 'https://tower.example.com');
    assert.equal(own.baseUrlOf('bridge'), 'https://tower.example.com/bridge');
    const hostless = createContractRouter({ ...options, publicUrl, isHostRouted: false });
    assert.equal(hostless.baseUrlOf('tower'), 'https://tower.example.com/tower');
  });

  test('the authority of an absolute target stands for the host', () => {
    assert.equal(reached('http://tower.example.com/v1/users?x'), '/tower/v1/users?x');
    assert.equal(reached('HTTP://a:b@Tower:80', 'bridge.localhost'), '/tower/');
    assert.equal(reached('http://localhost/tower/v1/users', 'bridge.localhost'), '/tower/v1/users');
    assert.equal(reached('http://localhost?x'), '/?x');
    assert.equal(reached('*'), '*');
  });

  test('no text makes it fail, and rewriting twice changes nothing but on a contract’s host', () => {
    void fc.assert(
      fc.property(fc.string(), fc.string(), (path, host) => {
        const once = reached(`/${path}`, host);
        assert.ok(once.startsWith('/'));
        reach.contractAt(once);
        reached(path, host);
        assert.equal(reached(once, 'localhost'), once);
      }),
    );
  });
});
