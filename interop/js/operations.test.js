// Every operation of the emulator through @clerk/backend.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { createClerkClient } from '@clerk/backend';
import { isClerkAPIResponseError } from '@clerk/backend/errors';

import { startEmulator } from './emulator.js';

let emulator, clerk;

before(async () => {
  emulator = await startEmulator('--strict');
  clerk = createClerkClient({
    secretKey: process.env.CLERK_SECRET_KEY,
    publishableKey: process.env.CLERK_PUBLISHABLE_KEY,
    apiUrl: process.env.CLERK_API_URL,
  });
});

after(() => emulator.stop());

let user;

beforeEach(async () => {
  await emulator.control('POST', 'reset');
  user = await clerk.users.createUser({ emailAddress: ['anna@example.com'], password: 'hunter22', firstName: 'Anna' });
});

// rejects asserts that a call fails with an error of Clerk's.
async function rejects(call, status, code) {
  await assert.rejects(call, error => {
    assert.ok(isClerkAPIResponseError(error), error);
    assert.equal(error.status, status);
    assert.equal(error.errors[0].code, code);
    assert.match(error.clerkTraceId, /^[0-9a-f]{32}$/);
    return true;
  });
}

test('sessions', async () => {
  const session = await clerk.sessions.createSession({ userId: user.id });
  assert.equal(session.status, 'active');
  assert.equal(session.userId, user.id);
  assert.ok(Math.abs(session.createdAt - Date.now()) < 60_000);

  assert.equal((await clerk.sessions.getSession(session.id)).id, session.id);
  const list = await clerk.sessions.getSessionList({ userId: user.id, status: 'active', limit: 5 });
  assert.equal(list.totalCount, 1);
  assert.equal(list.data[0].id, session.id);

  const token = await clerk.sessions.getToken(session.id);
  assert.equal(token.jwt.split('.').length, 3);
  const revoked = await clerk.sessions.revokeSession(session.id);
  assert.equal(revoked.status, 'revoked');
  await rejects(clerk.sessions.getToken(session.id), 404, 'resource_not_found');
});

test('token of a template', async () => {
  await emulator.control('POST', 'templates', { name: 'hasura', claims: { role: 'editor' } });
  const session = await clerk.sessions.createSession({ userId: user.id });
  const token = await clerk.sessions.getToken(session.id, 'hasura');
  const claims = JSON.parse(Buffer.from(token.jwt.split('.')[1], 'base64url'));
  assert.equal(claims.role, 'editor');
  assert.equal(claims.sub, user.id);
  await rejects(clerk.sessions.getToken(session.id, 'other'), 404, 'resource_not_found');
});

test('refresh', async () => {
  const origin = 'https://app.example.com';
  const session = await clerk.sessions.createSession({ userId: user.id });
  const refresh = await emulator.control('POST', 'refresh_tokens', { session_id: session.id });
  const expired = await emulator.control('POST', 'tokens', { session_id: session.id, origin, expires_in_seconds: -1 });
  const params = { expired_token: expired.jwt, refresh_token: refresh.token, request_origin: origin };
  const token = await clerk.sessions.refreshSession(session.id, params);
  assert.equal(token.jwt.split('.').length, 3);
  await rejects(clerk.sessions.refreshSession(session.id, params), 401, 'session_refresh_expired_session_token_consumed');
});

test('verifySession is gone', async () => {
  const session = await clerk.sessions.createSession({ userId: user.id });
  const token = await clerk.sessions.getToken(session.id);
  await rejects(clerk.sessions.verifySession(session.id, token.jwt), 410, 'operation_deprecated');
});

test('users', async () => {
  assert.equal(user.primaryEmailAddress.emailAddress, 'anna@example.com');
  assert.equal(user.firstName, 'Anna');
  assert.equal(user.passwordEnabled, true);
  const list = await clerk.users.getUserList({ emailAddress: ['anna@example.com'] });
  assert.equal(list.totalCount, 1);
  assert.equal(list.data[0].id, user.id);
  assert.equal((await clerk.users.getUserList({ userId: ['user_other'] })).totalCount, 0);
  assert.equal(await clerk.users.getCount(), 1);
  assert.equal((await clerk.users.getUser(user.id)).id, user.id);
  await rejects(clerk.users.createUser({ emailAddress: ['anna@example.com'] }), 422, 'form_identifier_exists');

  const session = await clerk.sessions.createSession({ userId: user.id });
  const client = await clerk.clients.getClient(session.clientId);
  assert.deepEqual(client.sessionIds, [session.id]);

  assert.equal((await clerk.users.banUser(user.id)).banned, true);
  assert.equal((await clerk.sessions.getSession(session.id)).status, 'revoked');
  await rejects(clerk.sessions.createSession({ userId: user.id }), 403, 'user_banned');
  assert.equal((await clerk.users.unbanUser(user.id)).banned, false);
  assert.equal((await clerk.users.deleteUser(user.id)).deleted, true);
  await rejects(clerk.users.getUser(user.id), 404, 'resource_not_found');
});

test('errors', async () => {
  await rejects(clerk.sessions.getSession('sess_none'), 404, 'resource_not_found');
  await rejects(clerk.sessions.createSession({ userId: 'user_none' }), 404, 'resource_not_found');
  await rejects(clerk.sessions.getSessionList({}), 400, 'missing_query_parameter');
  await rejects(clerk.organizations.getOrganizationList(), 404, 'not_emulated');
  const stranger = createClerkClient({ secretKey: 'sk_test_wrong', apiUrl: process.env.CLERK_API_URL });
  await rejects(stranger.sessions.getSession('sess_none'), 401, 'clerk_key_invalid');
  await emulator.control('POST', 'faults', { operation: 'GetSession', status: 429, retry_after: '7' });
  await assert.rejects(clerk.sessions.getSession('sess_none'), { status: 429, retryAfter: 7 });
  await emulator.control('POST', 'faults', { operation: 'GetSession', html: true });
  await assert.rejects(clerk.sessions.getSession('sess_none'), { status: 502 });
});

test('requests are recorded', async () => {
  await emulator.control('DELETE', 'requests');
  const session = await clerk.sessions.createSession({ userId: user.id });
  await clerk.sessions.revokeSession(session.id);
  const { requests } = await emulator.control('GET', 'requests?operation=RevokeSession');
  assert.deepEqual(requests.map(request => request.path), [`/v1/sessions/${session.id}/revoke`]);
});
