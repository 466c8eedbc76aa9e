// Starts an emulator for a test and gives it the environment that the emulator prints.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

// program is the command that the tests run.
const program = process.env.CLERK_SESSIONS ?? 'clerk-sessions';

process.env.CLERK_TELEMETRY_DISABLED = '1';

// startEmulator runs `clerk-sessions emulate` until stop is called. It reads the line
// that announces the emulator and nothing after it.
export async function startEmulator(...flags) {
  const child = spawn(program, ['emulate', '--addr', '127.0.0.1:0', '--json', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, CLERK_SECRET_KEY: '' },
  });
  const lines = createInterface({ input: child.stdout });
  const announced = await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('error', reject);
    child.once('exit', code => reject(new Error(`the emulator exited with code ${code}`)));
  });
  lines.pause();
  const { env, issuer, control_url: controlURL } = JSON.parse(announced);
  Object.assign(process.env, env);
  return {
    env,
    issuer,
    // control calls the control API and returns its response, or undefined if it is empty.
    async control(method, path, body) {
      const response = await fetch(`${controlURL}/${path}`, {
        method,
        headers: { Authorization: `Bearer ${env.CLERK_SECRET_KEY}`, 'Content-Type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await response.text();
      if (!response.ok) {
        throw new Error(`${method} ${path}: ${response.status} ${text}`);
      }
      return text === '' ? undefined : JSON.parse(text);
    },
    stop() {
      child.stdout.destroy();
      child.kill();
    },
  };
}
