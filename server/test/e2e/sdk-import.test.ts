import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linesOf } from '../../../demo/zip-entries.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { exportEvents, type PrivacyOfficer, privacyOfficer } from '../support/privacy-officer.ts'
import { adminAccount, eu, us } from '../support/provision.ts'
import { certificateFile, openTlsHost, type TlsHost } from '../support/tls-host.ts'

// The `mixpanel-import` package, unchanged. It knows regions, not hosts: that its requests reach this server is what
// DNS does for somebody who moves over.

let lethe: Lethe
let front: TlsHost
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lethe-import-'))
  lethe = await startLethe({
    env: {
      LETHE_GDPR_GRACE_SECONDS: '0',
      LETHE_GDPR_RATE_PER_SECOND: '1000000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
    },
  })
  front = await openTlsHost(lethe.port)
})
afterAll(async () => {
  await front?.close()
  await lethe?.stop()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

interface Job {
  readonly creds: object
  readonly data?: unknown
  readonly options: object
}

interface Result {
  readonly success: number
  readonly failed: number
  readonly total: number
  readonly retries: number
  readonly responses: readonly object[]
  readonly errors: unknown
}

const program = fileURLToPath(new URL('../support/tls-host-import.ts', import.meta.url))

/** One run of the package in a process of its own, in a folder of its own: it writes logs where it stands. */
const run = async (job: Job): Promise<Result> => {
  const child = spawn(process.execPath, ['--no-warnings', program, String(front.port), JSON.stringify(job)], {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', HOME: folder, NODE_EXTRA_CA_CERTS: certificateFile },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 40_000,
  })
  const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const result = /^result (.*)$/m.exec(output)?.[1]
  if (result === undefined) throw new Error(`mixpanel-import gave no result:\n${output}\n${complaints}`)
  return JSON.parse(result)
}

const quiet = { verbose: false, showProgress: false, logs: false, abridged: false, workers: 2 }
const account = { acct: adminAccount.username, pass: adminAccount.secret }
const startSeconds = Date.UTC(2024, 0, 31, 23, 30) / 1_000

describe.each([
  ['US', us, 'api.mixpanel.com', 'data.mixpanel.com', eu],
  ['EU', eu, 'api-eu.mixpanel.com', 'data-eu.mixpanel.com', us],
] as const)('mixpanel-import, region %s', (region, project, apiHost, dataHost, elsewhere) => {
  let officer: PrivacyOfficer
  beforeAll(() => {
    officer = privacyOfficer(lethe, { token: project.token })
  })
  const creds = { ...account, project: project.id, token: project.token }
  const events = Array.from({ length: 500 }, (_none, n) => ({
    event: `Imported ${n % 3}`,
    properties: {
      // Over midnight, in two months.
      time: startSeconds + n * 10,
      distinct_id: `p${n % 7}`,
      $insert_id: `${region}-${n}`,
      n,
      text: 'ß∂ 漢字',
      list: [{ a: 1 }, { b: null }],
    },
  }))
  const stored = () => exportEvents(lethe, project, '2024-01-01')

  it.each(['undici', 'got'])('imports events by %s, each once, to the host of its region', async (transport) => {
    const half = transport === 'undici' ? events.slice(0, 250) : events.slice(250)
    const options = {
      ...quiet,
      region,
      recordType: 'event',
      transport,
      compress: true,
      recordsPerBatch: 100,
      strict: true,
    }
    const askedBefore = front.serverNames.length
    const result = await run({ creds, data: half, options })
    expect(result).toMatchObject({ success: 250, failed: 0, retries: 0 })
    expect([...new Set(front.serverNames.slice(askedBefore))]).toEqual([apiHost])
    const found = (await stored()).filter(({ properties }) =>
      half.some(({ properties: { n } }) => n === properties['n']),
    )
    expect(found).toHaveLength(250)
  })

  it('stores exactly what it sent, from the host that it asked', async () => {
    const found = await stored()
    expect(found).toHaveLength(500)
    for (const [index, { event, properties }] of found.entries()) {
      const sent = events[index]
      expect(event).toBe(sent?.event)
      expect(properties).toMatchObject({ ...sent?.properties, $import: true, $mp_api_endpoint: apiHost })
    }
  })

  it('imports profiles', async () => {
    const data = [
      { $distinct_id: 'p1', $set: { $name: 'Éva', n: 1 } },
      { $distinct_id: 'p2', $set: { $name: 'Bo', list: [1, 'x'] } },
    ]
    const result = await run({ creds, data, options: { ...quiet, region, recordType: 'user', fixData: true } })
    expect(result).toMatchObject({ success: 2, failed: 0 })
    expect(await officer.profile('p1')).toMatchObject({ $name: 'Éva', n: 1 })
    expect(await officer.profile('p2')).toMatchObject({ $name: 'Bo', list: [1, 'x'] })
  })

  it('counts what a server that knows the rules refuses', async () => {
    const bad = { event: 'Bad', properties: { time: 'never', distinct_id: 'p1', $insert_id: 'bad-1' } }
    const good = { event: 'Good', properties: { time: startSeconds, distinct_id: 'p1', $insert_id: 'good-1' } }
    const result = await run({
      creds,
      data: [bad, good],
      options: { ...quiet, region, recordType: 'event', fixData: false },
    })
    expect(result).toMatchObject({ success: 1, failed: 1 })
    const names = (await stored()).map(({ event }) => event)
    expect(names).toContain('Good')
    expect(names).not.toContain('Bad')
  })

  it('exports to a file what can be imported again', async () => {
    const file = join(folder, `${region}.jsonl`)
    const options = { ...quiet, region, recordType: 'export', start: '2024-01-31', end: '2024-02-01', where: file }
    await run({ creds, options })
    const lines = linesOf(await readFile(file, 'utf8')).map((line) => JSON.parse(line))
    expect(lines).toHaveLength(501)
    expect(lines).toEqual(
      (await stored()).filter(({ properties }) => Number(properties['time']) < startSeconds + 5_000),
    )
    expect(front.serverNames).toContain(dataHost)
  })

  it('is refused in the region where the project does not live, and nothing is stored there', async () => {
    const before = [await exportEvents(lethe, us, '2024-01-01'), await exportEvents(lethe, eu, '2024-01-01')]
    const stray = { event: 'Stray', properties: { time: startSeconds, distinct_id: 'x', $insert_id: 'stray-1' } }
    const wrong = { ...account, project: elsewhere.id, token: elsewhere.token }
    const result = await run({ creds: wrong, data: [stray], options: { ...quiet, region, recordType: 'event' } })
    // It counts only failed records as failed, and tries 5xx and 429 again, not this.
    expect(result).toMatchObject({ success: 0, retries: 0 })
    expect(JSON.stringify(result)).toContain(region === 'US' ? 'api-eu.mixpanel.com' : 'api.mixpanel.com')
    expect([await exportEvents(lethe, us, '2024-01-01'), await exportEvents(lethe, eu, '2024-01-01')]).toEqual(before)
  })
})
