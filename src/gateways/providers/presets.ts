/**
 * The providers that Roster has descriptions of, from their public documentation. A client id and a secret switch a
 * provider on. A feature that the documentation does not mention counts as missing: PKCE, an issuer, a promise that a
 * reused code ends the grant. `docs/connections.md` lists what could not be confirmed.
 */
import type { Provider } from '../../core/providers/provider.ts';
import {
  commonDescription,
  type PresetName,
  type ProviderDescription,
} from '../../core/providers/provider-description.ts';
import type { OAuthProviderParts } from './oauth-party.ts';
import { createOAuthProvider } from './oauth-provider.ts';
import { createWithingsProvider } from './withings.ts';

/**
 * https://dev.fitbit.com/build/reference/web-api/authorization/. Its errors are lists of `errorType`
 * (https://dev.fitbit.com/build/reference/web-api/troubleshooting-guide/error-messages/).
 */
const fitbit: ProviderDescription = {
  ...commonDescription,
  name: 'fitbit',
  title: 'Fitbit',
  issuer: 'https://www.fitbit.com',
  authorizationEndpoint: 'https://www.fitbit.com/oauth2/authorize',
  tokenEndpoint: 'https://api.fitbit.com/oauth2/token',
  clientAuthentication: 'basic',
  scopes: ['activity', 'heartrate', 'profile', 'sleep', 'weight'],
  usesPkce: true,
  accountField: 'user_id',
  answers: {
    gone: [{ errors: [{ errorType: 'invalid_grant' }] }],
    notGiven: [{ errors: [{ errorType: 'invalid_client' }] }],
    noSuchToken: [
      { errors: [{ errorType: 'invalid_token' }] },
      { errors: [{ errorType: 'expired_token' }] },
      { errors: [{ errorType: 'invalid_grant' }] },
    ],
  },
  end: {
    kind: 'rfc7009',
    endpoint: 'https://api.fitbit.com/oauth2/revoke',
    clientAuthentication: 'basic',
    endsAllTokens: true,
  },
};

/** https://cloud.ouraring.com/docs/authentication. It does not say that the refresh token ends too. */
const oura: ProviderDescription = {
  ...commonDescription,
  name: 'oura',
  title: 'Oura',
  issuer: 'https://cloud.ouraring.com',
  authorizationEndpoint: 'https://cloud.ouraring.com/oauth/authorize',
  tokenEndpoint: 'https://api.ouraring.com/oauth/token',
  scopes: ['personal', 'daily', 'heartrate', 'workout', 'session', 'spo2Daily'],
  end: {
    kind: 'call',
    method: 'POST',
    url: 'https://api.ouraring.com/oauth/revoke',
    token: { parameter: 'access_token' },
    covers: 'access',
  },
};

/** https://developer.whoop.com/docs/developing/oauth and https://developer.whoop.com/api (`DELETE /v2/user/access`). */
const whoop: ProviderDescription = {
  ...commonDescription,
  name: 'whoop',
  title: 'WHOOP',
  issuer: 'https://api.prod.whoop.com',
  authorizationEndpoint: 'https://api.prod.whoop.com/oauth/oauth2/auth',
  tokenEndpoint: 'https://api.prod.whoop.com/oauth/oauth2/token',
  scopes: [
    'offline',
    'read:profile',
    'read:body_measurement',
    'read:cycles',
    'read:recovery',
    'read:sleep',
    'read:workout',
  ],
  end: {
    kind: 'call',
    method: 'DELETE',
    url: 'https://api.prod.whoop.com/developer/v2/user/access',
    token: 'bearer',
    covers: 'grant',
  },
};

/** https://www.polar.com/accesslink-api/: access tokens without expiry, no refresh tokens; deleting the user ends access. */
const polar: ProviderDescription = {
  ...commonDescription,
  name: 'polar',
  title: 'Polar',
  issuer: 'https://flow.polar.com',
  authorizationEndpoint: 'https://flow.polar.com/oauth2/authorization',
  tokenEndpoint: 'https://polarremote.com/v2/oauth2/token',
  clientAuthentication: 'basic',
  scopes: ['accesslink.read_all'],
  accountField: 'x_user_id',
  end: {
    kind: 'call',
    method: 'DELETE',
    url: 'https://www.polaraccesslink.com/v3/users/{account}',
    token: 'bearer',
    covers: 'grant',
  },
};

/**
 * https://developers.strava.com/docs/authentication/: the endpoint that replaces `/oauth/deauthorize`. Its errors are
 * lists of `resource`, `field` and `code` (https://developers.strava.com/docs/reference/#api-models-Error).
 */
const strava: ProviderDescription = {
  ...commonDescription,
  name: 'strava',
  title: 'Strava',
  issuer: 'https://www.strava.com',
  authorizationEndpoint: 'https://www.strava.com/oauth/authorize',
  tokenEndpoint: 'https://www.strava.com/oauth/token',
  scopes: ['read', 'activity:read'],
  scopeSeparator: ',',
  authorizationParameters: { approval_prompt: 'auto' },
  accountField: 'athlete.id',
  answers: {
    gone: [
      { errors: [{ resource: 'RefreshToken', code: 'invalid' }] },
      { errors: [{ field: 'refresh_token', code: 'invalid' }] },
      { errors: [{ resource: 'AuthorizationCode' }] },
    ],
    notGiven: [{ errors: [{ resource: 'Application' }] }],
    noSuchToken: [
      { errors: [{ resource: 'RefreshToken', code: 'invalid' }] },
      { errors: [{ resource: 'AccessToken', code: 'invalid' }] },
      { errors: [{ field: 'refresh_token', code: 'invalid' }] },
      { errors: [{ field: 'access_token', code: 'invalid' }] },
      { errors: [{ field: 'token', code: 'invalid' }] },
    ],
  },
  end: {
    kind: 'rfc7009',
    endpoint: 'https://www.strava.com/oauth/revoke',
    clientAuthentication: 'basic',
  },
};

/**
 * Garmin Connect Developer Program, "OAuth2.0 PKCE" and "Start Guide" (user deregistration). There are no scopes: on
 * Garmin's page the person chooses which data is shared.
 */
const garmin: ProviderDescription = {
  ...commonDescription,
  name: 'garmin',
  title: 'Garmin',
  issuer: 'https://connect.garmin.com',
  authorizationEndpoint: 'https://connect.garmin.com/oauth2Confirm',
  tokenEndpoint: 'https://diauth.garmin.com/di-oauth2-service/oauth/token',
  scopes: [],
  usesPkce: true,
  end: {
    kind: 'call',
    method: 'DELETE',
    url: 'https://apis.garmin.com/wellness-api/rest/user/registration',
    token: 'bearer',
    covers: 'grant',
  },
};

type CreatePreset = (parts: Omit<OAuthProviderParts, 'description'>) => Provider;

const preset =
  (description: ProviderDescription): CreatePreset =>
  (parts) =>
    createOAuthProvider({ ...parts, description });

/** Creates each provider with the client of the deployment. */
export const presets: Readonly<Record<PresetName, CreatePreset>> = {
  fitbit: preset(fitbit),
  garmin: preset(garmin),
  oura: preset(oura),
  polar: preset(polar),
  strava: preset(strava),
  whoop: preset(whoop),
  withings: createWithingsProvider,
};
