// npm run test:soak -- --histories 2000 --seed 1
// As many random histories as asked for, and storms and replays in proportion; the seed is printed. Exits as vitest does.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { histories: { type: 'string', default: '2000' }, seed: { type: 'string' } },
})
const wholeNumber = (name: string, text: string): string => {
  if (/^\d{1,9}$/.test(text) && (name === 'seed' || Number(text) > 0)) return text
  console.error(`--${name} must be a whole number`)
  process.exit(1)
}
const top = join(import.meta.dirname, '../../..')
const test = 'server/test/soak/two-servers.test.ts'
const ended = spawnSync(process.execPath, [join(top, 'node_modules/vitest/vitest.mjs'), 'run', test], {
  cwd: top,
  stdio: 'inherit',
  env: {
    ...process.env,
    SOAK_HISTORIES: wholeNumber('histories', values.histories),
    ...(values.seed === undefined ? {} : { SOAK_SEED: wholeNumber('seed', values.seed) }),
  },
})
process.exitCode = ended.status ?? 1
