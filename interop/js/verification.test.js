// Verification of the emulator's tokens by @clerk/backend and @clerk/express.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';

import { createClerkClient, verifyToken } from '@clerk/backend';
import { clerkMiddleware, getAuth } from '@clerk/express';
import express from 'express';

import { startEmulator } from './emulator.js';

const origin = 'https://app.example.com';
let emulator, clerk, session;

before(async () => {
  emulator = await startEmulator();
  clerk = createClerkClient({
    secretKey: process.env.CLERK_SECRET_KEY,
    publishableKey: process.env.CLERK_PUBLISHABLE_KEY,
    apiUrl: process.env.CLERK_API_URL,
  });
});

after(() => emulator.stop());

beforeEach(async () => {
  await emulator.control('POST', 'reset');
  session = await clerk.sessions.createSession({ userId: 'user_anna' });
});

const mint = async params => (await emulator.control('POST', 'tokens', { session_id: session.id, ...params })).jwt;

test('verifyToken with CLERK_JWT_KEY', async () => {
  const { jwt } = await clerk.sessions.getToken(session.id);
  const claims = await verifyToken(jwt, { jwtKey: process.env.CLERK_JWT_KEY, issuer: emulator.issuer });
  assert.equal(claims.sub, 'user_anna');
  assert.equal(claims.sid, session.id);
});

test('verifyToken with the keys of the Backend API', async () => {
  const { jwt } = await clerk.sessions.getToken(session.id);
  const claims = await verifyToken(jwt, { secretKey: process.env.CLERK_SECRET_KEY, apiUrl: process.env.CLERK_API_URL });
  assert.equal(claims.sid, session.id);
});

test('verifyToken rejects odd tokens', async () => {
  const options = { jwtKey: process.env.CLERK_JWT_KEY, authorizedParties: [origin], issuer: emulator.issuer };
  await verifyToken(await mint({ origin }), options);
  for (const [reason, params] of Object.entries({
    'token-expired': { origin, expires_in_seconds: -60 },
    'token-not-active-yet': { origin, claims: { nbf: Math.floor(Date.now() / 1000) + 60 } },
    'token-invalid-authorized-parties': { origin: 'https://evil.example' },
    'token-invalid-issuer': { origin, claims: { iss: 'https://evil.example' } },
    'token-invalid-signature': { origin, signature: 'forged' },
    'token-invalid-algorithm': { origin, header: { alg: 'none' }, signature: '' },
  })) {
    await assert.rejects(verifyToken(await mint(params), options), { reason });
  }
});

test('verifyToken after the key was rotated', async () => {
  const options = { jwtKey: process.env.CLERK_JWT_KEY };
  const old = await mint({ origin });
  const rotated = await emulator.control('POST', 'keys/rotate', {});
  process.env.CLERK_JWT_KEY = rotated.public_key_pem;
  await verifyToken(old, options);
  await assert.rejects(verifyToken(await mint({ origin }), options), { reason: 'token-invalid-signature' });
  await verifyToken(await mint({ origin }), { jwtKey: rotated.public_key_pem });
});

test('authenticateRequest with a token in the header', async () => {
  const { jwt } = await clerk.sessions.getToken(session.id);
  const request = new Request(origin, { headers: { Authorization: `Bearer ${jwt}` } });
  const state = await clerk.authenticateRequest(request);
  assert.equal(state.isAuthenticated, true, state.reason);
  assert.equal(state.toAuth().userId, 'user_anna');
  assert.equal((await clerk.authenticateRequest(new Request(origin))).isAuthenticated, false);
});

// suffix is the suffix of the cookies of an instance.
function suffix() {
  return createHash('sha1').update(process.env.CLERK_PUBLISHABLE_KEY).digest('base64url').slice(0, 8);
}

test('authenticateRequest refreshes an expired cookie', async () => {
  const refresh = await emulator.control('POST', 'refresh_tokens', { session_id: session.id });
  const expired = await mint({ origin, expires_in_seconds: -60 });
  const now = Math.floor(Date.now() / 1000) - 3600;
  const cookies = {
    [`__session_${suffix()}`]: expired,
    __session: expired,
    [`__client_uat_${suffix()}`]: now,
    __client_uat: now,
    [`__refresh_${suffix()}`]: refresh.token,
    [`__clerk_db_jwt_${suffix()}`]: 'dvb_1',
    __clerk_db_jwt: 'dvb_1',
  };
  const request = new Request(`${origin}/page`, {
    headers: {
      Accept: 'text/html',
      'Sec-Fetch-Dest': 'document',
      Cookie: Object.entries(cookies).map(([name, value]) => `${name}=${value}`).join('; '),
    },
  });
  const state = await clerk.authenticateRequest(request);
  assert.equal(state.isAuthenticated, true, `${state.reason}: ${state.message}`);
  assert.equal(state.toAuth().sessionId, session.id);
  const set = state.headers.getSetCookie();
  assert.ok(set.some(cookie => cookie.startsWith(`__session_${suffix()}=eyJ`)), set);
  const { requests } = await emulator.control('GET', 'requests?operation=RefreshSession');
  assert.equal(requests.length, 1);
  assert.deepEqual(requests[0].query, { suffixed_cookies: ['true'] });
});

test('middleware of @clerk/express', async () => {
  const app = express();
  app.use(clerkMiddleware());
  app.get('/', (request, response) => response.json({ user: getAuth(request).userId }));
  const server = app.listen(0, '127.0.0.1');
  try {
    await new Promise(resolve => server.once('listening', resolve));
    const url = `http://127.0.0.1:${server.address().port}/`;
    const { jwt } = await clerk.sessions.getToken(session.id);
    const get = async headers => (await fetch(url, { headers })).json();
    assert.deepEqual(await get({ Authorization: `Bearer ${jwt}` }), { user: 'user_anna' });
    assert.deepEqual(await get({}), { user: null });
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
