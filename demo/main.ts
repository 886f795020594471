import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { inspect } from 'node:util'
import { StepFailed } from './hold.ts'
import { resolveLocalhostNames } from './localhost-names.ts'
import { createPrint, seconds } from './print.ts'
import { printAddresses } from './print-farewell.ts'
import { runTour } from './run-tour.ts'

// npm run demo: the tour, then everything stays up until Ctrl-C. `-- --once`, or no terminal: it ends after the tour,
// with 0 only when every step held.

const unknown = process.argv.slice(2).filter((argument) => argument !== '--once')
if (unknown.length > 0) {
  console.error(`usage: npm run demo [-- --once]   (${unknown.join(' ')} is not known)`)
  process.exit(2)
}
const isOnce = process.argv.includes('--once') || process.stdout.isTTY !== true
const startedAtMs = performance.now()
const print = createPrint({
  write: (text) => process.stdout.write(text),
  hasColours: process.stdout.isTTY === true && !process.env['NO_COLOR'],
  nowMs: () => performance.now(),
})

// The SDK would send through a proxy of the environment, which cannot reach this machine's loopback.
for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) delete process.env[name]
resolveLocalhostNames()
const inherited = Object.fromEntries(
  ['PATH', 'HOME', 'TMPDIR', 'LANG'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  }),
)

const undo: (() => Promise<void>)[] = []
let ending: Promise<void> | null = null
/** Stops and removes everything, the last first. Safe to call twice. */
const end = (): Promise<void> => {
  ending ??= (async () => {
    for (const undoOne of undo.splice(0).reverse()) await undoOne()
  })()
  return ending
}
let isDone = false
const endEarly = (): void => {
  end().then(
    () => process.exit(isDone ? 0 : 130),
    () => process.exit(1),
  )
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    print.title('Stopping; the folder goes with it')
    endEarly()
  })
}
// Nobody reads any more, as with `| head`.
process.stdout.on('error', endEarly)

try {
  const { tour, page } = await runTour({
    print,
    parentFolder: tmpdir(),
    inherited,
    onOpened: (what) => undo.push('stop' in what ? what.stop : () => rm(what.folder, { recursive: true, force: true })),
  })
  isDone = true
  print.title(`Every step held, in ${seconds(performance.now() - startedAtMs)}`)
  if (isOnce) await end()
  else printAddresses(tour, page)
} catch (error) {
  // Interrupted: what fails now fails because the server is being stopped.
  if (ending === null) {
    if (error instanceof StepFailed) print.failed(error.message, error.expected, error.got)
    else print.failed('unexpected', 'no error', inspect(error))
    await end()
    process.exit(1)
  }
}
