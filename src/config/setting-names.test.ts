import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultsOf } from '../../test/support/setting-faults.ts';
import { readConfig } from './config.ts';

describe('a name that is not a setting', () => {
  test('is a fault that names the setting if at most two letters differ, also where it is empty', () => {
    const cases: readonly (readonly [name: string, meant: string])[] = [
      ['ROSTER_SMSS', 'ROSTER_SMS'],
      ['ROSTER_SECERT', 'ROSTER_SECRET'],
      ['ROSTER_PUBLICURL', 'ROSTER_PUBLIC_URL'],
      ['ROSTER_PUBLIC_URI', 'ROSTER_PUBLIC_URL'],
      ['ROSTER_WORKRES', 'ROSTER_WORKERS'],
      ['ROSTER_LOGLEVEL', 'ROSTER_LOG_LEVEL'],
      ['ROSTER_OLD_SECRET', 'ROSTER_OLD_SECRETS'],
      ['ROSTER_PROVIDER_FITBIT_CLIENT_IDS', 'ROSTER_PROVIDER_FITBIT_CLIENT_ID'],
      // Two letters are exchanged, and one is put between them.
      ['ROSTER_SIGNPUX_APP', 'ROSTER_SIGNUP_APP'],
      ['ROSTER_EMIAXL', 'ROSTER_EMAIL'],
    ];
    for (const [name, meant] of cases) {
      const problem = `is not a setting: did you mean ${meant}?`;
      for (const value of ['x', '']) assert.deepEqual(faultsOf({ [name]: value }), [{ name, problem }]);
    }
  });

  test('is only named if it resembles none', () => {
    const env = { ROSTER_TRUSTED_PROXY: '10.0.0.1', ROSTER_PORT: '8080', PATH: '/bin', ROSTER: 'x' };
    assert.deepEqual(readConfig(env).unknownNames, ['ROSTER_TRUSTED_PROXY', 'ROSTER_PORT']);
  });

  test('is passed over if another program sets it', () => {
    const { unknownNames } = readConfig({
      ROSTER_TEST_COVERAGE: 'x',
      ROSTER_TEST_SMS: 'x',
      ROSTER_DATABASE_PASSWORD: 'x',
      ROSTER_SERVICE_HOST: '10.0.0.1',
      ROSTER_SERVICE_PORT: '8080',
      ROSTER_SERVICE_PORT_HTTP: '8080',
      ROSTER_PORT: 'tcp://10.0.0.1:8080',
      ROSTER_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
      ROSTER_PORT_8080_TCP_PROTO: 'tcp',
      ROSTER_PORT_8080_TCP_PORT: '8080',
      ROSTER_PORT_8080_TCP_ADDR: '10.0.0.1',
      ROSTER_PORT_53_UDP: 'udp://10.0.0.1:53',
      ROSTER_DB_SERVICE_HOST: '10.0.0.2',
      ROSTER_DB_PORT: 'tcp://10.0.0.2:5432',
      ROSTER_DB_PORT_5432_TCP_ADDR: '10.0.0.2',
    });
    assert.deepEqual(unknownNames, []);
  });

  test('a setting that has the name of a service in Kubernetes is unset, unless its value is one of a setting', () => {
    const address = 'tcp://10.0.0.3:9464';
    assert.equal(readConfig({ ROSTER_METRICS_PORT: address }).config.metrics, null);
    assert.equal(readConfig({ ROSTER_METRICS_PORT: '9464' }).config.metrics?.port, 9464);
    assert.equal(faultsOf({ ROSTER_METRICS_PORT: 'http://10.0.0.3' }).length, 1);
    assert.equal(faultsOf({ PORT: address }).length, 1);
  });
});
