/**
 * The token calls of Connect, for the backend of an app. The backend sends its client id and secret in the body,
 * so the routes are public to the server and the core authenticates.
 */
import { exchangeSession, issuePublicToken } from '../../core/connect-page/first-generation.ts';
import { type IssuedTokens, issueConnectTokens } from '../../core/connect-page/token-request.ts';
import type { Core } from '../../core/core.ts';
import type { Route } from '../../http/contract.ts';
import { readMembers } from '../../http/reading/members.ts';
import {
  connectExamples,
  type PublicTokensAnswer,
  publicTokensAnswer,
  publicTokensBody,
  type TokenAnswer,
  type TokensAnswer,
  tokenAnswer,
  tokenBody,
  tokensAnswer,
  tokensBody,
} from './connect-schemas.ts';

export function connectRoutes(core: Core): readonly Route[] {
  return [tokenRoute(core), tokensRoute(core), publicTokensRoute(core)];
}

const common = {
  method: 'POST',
  access: 'public',
  networkThrottle: 'connect',
  bodyTypes: ['application/json', 'application/x-www-form-urlencoded'],
} as const;
const refusals = ['invalid_fields', 'invalid_credentials', 'user_not_found', 'wrong_state'] as const;

function tokenRoute(core: Core): Route {
  return {
    ...common,
    path: '/v1/connect/token',
    operationId: 'createConnectToken',
    tag: 'Connect',
    summary: 'Get a token of Connect for a user',
    description: [
      '`session` makes the user where there is none with this `client_user_id`, and opens Connect. `id` opens Connect for',
      'a user who is there. `access` answers once the user has connected a source, and 404 before; a `refresh_token` gives',
      'the next pair without naming the user.',
    ].join('\n'),
    body: tokenBody,
    bodyExample: connectExamples.tokenBody,
    responses: {
      200: { description: 'The token', schema: tokenAnswer, example: connectExamples.tokenAnswer },
    },
    refusals: [...refusals, 'connection_not_found', 'invalid_token'],
    sampleFaults: [{ field: 'clientUserId', fault: 'blank' }],
    async handle(call) {
      const body = readMembers(call.body);
      const isGrant = body['type'] === undefined && body['grant_type'] === 'refresh_token';
      const issued = await issueConnectTokens(core, call.door, {
        clientId: body['client_id'],
        clientSecret: body['client_secret'],
        clientUserId: body['client_user_id'],
        clientUserEmail: body['client_user_email'],
        refreshToken: body['refresh_token'],
        // The usual spelling of OAuth (RFC 6749, section 6) is accepted too.
        type: isGrant ? 'access' : body['type'],
      });
      return { status: 200, body: toTokenAnswer(issued) };
    },
  };
}

function toTokenAnswer(issued: IssuedTokens): TokenAnswer {
  const { expiresInSeconds } = issued;
  switch (issued.type) {
    case 'session':
      return {
        human_id: issued.user.id,
        session_token: issued.sessionToken,
        expires_in: expiresInSeconds,
      };
    case 'id':
      return { id_token: issued.idToken, id_token_expires_in: expiresInSeconds };
    case 'access':
      return {
        access_token: issued.accessToken,
        token_type: 'Bearer',
        expires_in: expiresInSeconds,
        refresh_token: issued.refreshToken,
      };
  }
}

function tokensRoute(core: Core): Route {
  return {
    ...common,
    path: '/v1/connect/tokens',
    operationId: 'exchangeConnectSession',
    tag: 'Connect',
    summary: 'Turn the session that Connect was opened with into tokens (first generation)',
    description: 'A session is used up here, once the user has connected a source.',
    body: tokensBody,
    bodyExample: connectExamples.tokensBody,
    responses: {
      200: { description: 'The tokens', schema: tokensAnswer, example: connectExamples.tokensAnswer },
    },
    refusals: [...refusals, 'invalid_token'],
    sampleFaults: [{ field: 'sessionToken', fault: 'blank' }],
    async handle(call) {
      const { humanId, clientId, clientSecret, sessionToken } = readMembers(call.body);
      const request = { humanId, clientId, clientSecret, sessionToken };
      const { user, accessToken, publicToken } = await exchangeSession(core, call.door, request);
      const body: TokensAnswer = {
        humanId: user.id,
        clientId: user.appId,
        clientUserId: user.externalId,
        accessToken,
        publicToken,
      };
      return { status: 200, body };
    },
  };
}

function publicTokensRoute(core: Core): Route {
  return {
    ...common,
    path: '/v1/connect/publictokens',
    operationId: 'createPublicToken',
    tag: 'Connect',
    summary: 'Get a token that opens Connect again for a user (first generation)',
    description: 'The token opens the Connect page for a day.',
    body: publicTokensBody,
    bodyExample: connectExamples.publicTokensBody,
    responses: {
      200: {
        description: 'The token',
        schema: publicTokensAnswer,
        example: connectExamples.publicTokensAnswer,
      },
    },
    refusals: [...refusals],
    sampleFaults: [{ field: 'humanId', fault: 'blank' }],
    async handle(call) {
      const { humanId, clientId, clientSecret } = readMembers(call.body);
      const request = { humanId, clientId, clientSecret };
      const body: PublicTokensAnswer = { publicToken: await issuePublicToken(core, call.door, request) };
      return { status: 200, body };
    },
  };
}
