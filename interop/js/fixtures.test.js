// The fixtures in sessionstest/README.md, with a secret key that is already set, which
// the emulator does not print.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

let dir;

// write writes the code of the README that begins with a comment to a file.
async function write(comment, name) {
  const readme = await readFile(new URL('../../sessionstest/README.md', import.meta.url), 'utf8');
  const block = readme.split('```').find(text => text.split('\n')[1]?.startsWith(comment));
  assert.ok(block, comment);
  await writeFile(join(dir, name), block.slice(block.indexOf('\n')));
}

const load = name => import(pathToFileURL(join(dir, name)));

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fixtures'));
  if (process.env.CLERK_SESSIONS) {
    await symlink(process.env.CLERK_SESSIONS, join(dir, 'clerk-sessions'));
  }
  process.env.PATH = dir + delimiter + process.env.PATH;
  process.env.CLERK_SECRET_KEY = 'sk_test_already_set';
});

after(() => rm(dir, { recursive: true }));

test('Jest', async () => {
  await write('// emulator.setup.mjs', 'setup.mjs');
  await write('// emulator.teardown.mjs', 'teardown.mjs');
  await write('// in a test', 'control.mjs');
  let reset;
  globalThis.beforeEach = f => {
    reset = f;
  };
  await (await load('setup.mjs')).default();
  const stopped = new Promise(resolve => globalThis.emulator.once('close', resolve));
  try {
    const { control } = await load('control.mjs');
    assert.equal((await reset()).status, 204);
    assert.equal((await control('GET', 'state')).status, 200);
  } finally {
    (await load('teardown.mjs')).default();
  }
  await stopped;
});

test('pytest', async () => {
  await write('# conftest.py', 'conftest.py');
  // In place of pytest.
  await writeFile(join(dir, 'pytest.py'), 'def fixture(**options):\n    return lambda f: f\n');
  const run = `
import conftest
emulator = conftest.emulator()
control = next(emulator)
try:
    conftest.clean_emulator(control)
    assert "now" in control("GET", "clock")
finally:
    next(emulator, None)
`;
  await promisify(execFile)('python3', ['-c', run], { cwd: dir });
});
