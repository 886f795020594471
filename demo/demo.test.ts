import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'

// Two minutes on a machine of its own are plenty; tests share theirs.
const tourTimeoutMs = 300_000
const mainFile = join(import.meta.dirname, 'main.ts')
let running: ChildProcess | null = null

interface Run {
  readonly child: ChildProcess
  readonly text: () => string
  readonly exitCode: Promise<number | null>
}

const runDemo = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Run => {
  const child = spawn(process.execPath, [mainFile, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running = child
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more
    })
  }
  const exitCode = once(child, 'close').then(([code]) => code as number | null)
  return { child, text: () => text, exitCode }
}

const folderIn = (text: string): string => /LETHE_DATA_DIR=(\S+)\/data /.exec(text)?.[1] ?? ''

beforeAll(() => {
  execFileSync(process.execPath, [join(import.meta.dirname, '../web/build.ts'), '--if-changed'])
})

afterEach(() => {
  if (running !== null && running.exitCode === null) running.kill('SIGTERM')
})

describe('npm run demo', () => {
  it('shows every step, holds each, ends with 0 and leaves nothing behind', { timeout: tourTimeoutMs }, async () => {
    const { text, exitCode } = runDemo(['--once'])
    expect(await exitCode, text()).toBe(0)
    for (const line of [
      'ok      US: every imported event was accepted',
      'ok      EU: the SDK and /engage reported no error',
      'ok      the message names the EU host',
      'ok      the search finds every text of the person, and nothing of what was refused',
      'ok      asked by one device id, all 220 events of the person came',
      'ok      a request can be canceled while it waits',
      'ok      it ends with SUCCESS',
      'ok      the archive of the person is gone as well',
      'ok      events of everybody else: same lines, same hash',
      'ok      profiles of everybody else: same lines, same hash',
      'ok      a changed receipt is found out',
      'ok      EU: its host serves the pages',
      'ok      EU: the privacy officer can log in',
      'ok      EU: a browser may send and read the answer',
    ]) {
      expect(text()).toContain(line)
    }
    expect(text()).toMatch(/ok +none of the \d{3,} files of the data folder holds a text of the person/)
    expect(text()).toMatch(/the person: export lines +220 +0\n/)
    expect(text()).toMatch(/everybody else, US: export lines +25,000 +25,000\n/)
    expect(text()).toMatch(/Every step held, in \d/)
    expect(text()).not.toContain('FAILED')
    expect(text()).not.toContain('\u001b[')
    // It was no terminal and --once: nobody is told of addresses that are gone.
    expect(text()).not.toContain('Ctrl-C')
    expect(folderIn(text())).toMatch(/lethe-demo-/)
    expect(existsSync(folderIn(text()))).toBe(false)
  })

  it('cleans up when it is interrupted', { timeout: 120_000 }, async () => {
    const { child, text, exitCode } = runDemo([])
    await expect.poll(text, { timeout: 60_000 }).toContain('got     lethe ready')
    const port = Number(/lethe ready on http:\/\/127\.0\.0\.1:(\d+)/.exec(text())?.[1])
    child.kill('SIGINT')
    expect(await exitCode).toBe(130)
    expect(text()).not.toContain('FAILED')
    expect(existsSync(folderIn(text()))).toBe(false)
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
  })

  it('cleans up when nobody reads any more', { timeout: 120_000 }, async () => {
    const { child, text, exitCode } = runDemo([])
    await expect.poll(() => folderIn(text()), { timeout: 60_000 }).toMatch(/lethe-demo-/)
    child.stdout?.destroy()
    expect(await exitCode).not.toBe(0)
    expect(existsSync(folderIn(text()))).toBe(false)
  })

  it('ends with 1 and says why when a step cannot be taken', async () => {
    const { text, exitCode } = runDemo(['--once'], { TMPDIR: '/nowhere' })
    expect(await exitCode).toBe(1)
    expect(text()).toContain('FAILED')
    expect(text()).not.toContain('Every step held')
  })

  it('knows no other arguments', async () => {
    const { text, exitCode } = runDemo(['--twice'])
    expect(await exitCode).toBe(2)
    expect(text()).toContain('usage: npm run demo')
  })
})
