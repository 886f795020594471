import { execFileSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lethe, newDataDir, startLethe } from '../support/lethe.ts'
import { us } from '../support/provision.ts'
import { isAlive } from '../support/wait-for.ts'
import {
  anEvent,
  askFor,
  countById,
  exportedEvents,
  fastPrivacy,
  importEvents,
  insist,
  randomOf,
  type SentEvent,
  statusOf,
} from './fault-rig.ts'

const mebibyte = 1_024 * 1_024
// Room for the engine to start in; what is left is filled by a file.
const diskBytes = 96 * mebibyte

/** A disk of its own for the region's folder. False where this user may not mount. */
const mountSmallDisk = (folder: string): boolean => {
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'lethe-test', folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const dataDir = await newDataDir()
const regionDir = join(dataDir, 'us')
mkdirSync(regionDir)
const isMounted = mountSmallDisk(regionDir)
if (!isMounted) console.warn('full disk: skipped, because only root may mount a small disk')

const random = randomOf(7)
// Does not compress: every acknowledged batch takes its size of disk.
const noise = () => Array.from({ length: 20 }, () => random().toString(36).slice(2)).join('')
const batchOf = (count: number): readonly SentEvent[] =>
  Array.from({ length: count }, () => anEvent('somebody', { a: noise(), b: noise(), c: noise() }))

describe.skipIf(!isMounted)('a full disk', () => {
  let lethe: Lethe
  const acknowledged = new Set<string>()
  const refusals: { readonly status: number; readonly text: string }[] = []
  const ballast = join(regionDir, 'ballast')

  const send = async (count: number): Promise<number> => {
    const events = batchOf(count)
    const { status, text } = await importEvents(lethe, events)
    if (status === 200) for (const { properties } of events) acknowledged.add(properties.$insert_id)
    else refusals.push({ status, text })
    return status
  }

  const fillUpTo = async (freeBytes: number): Promise<void> => {
    const { bavail, bsize } = statfsSync(regionDir)
    const file = await open(ballast, 'a')
    const chunk = Buffer.alloc(mebibyte, 1)
    for (let left = bavail * bsize - freeBytes; left > 0; left -= mebibyte) {
      await file.write(chunk.subarray(0, Math.min(left, mebibyte)))
    }
    await file.close()
  }

  beforeAll(async () => {
    lethe = await startLethe({ dataDir, env: { ...fastPrivacy, LETHE_INGEST_TIMEOUT_SECONDS: '5' } })
  })
  afterAll(async () => {
    await lethe?.stop()
    if (isMounted) execFileSync('/bin/umount', ['-l', regionDir])
    await rm(dataDir, { recursive: true, force: true })
  })

  it('takes events while there is room, then answers 503 in the shape of /import', async () => {
    expect(await send(500)).toBe(200)
    await fillUpTo(3 * mebibyte)
    for (let at = 0; at < 60 && refusals.length < 5; at += 1) await send(500)
    expect(refusals.length).toBeGreaterThanOrEqual(5)
    for (const { status, text } of refusals) {
      expect(status).toBe(503)
      expect(JSON.parse(text)).toEqual({ code: 503, error: expect.any(String), status: 'Service Unavailable' })
      expect(text).not.toMatch(/No space|DB::|lethe\.event/)
    }
  })

  it('says 503 and never 1 for profiles as well', async () => {
    const body = [{ $token: us.token, $distinct_id: 'somebody', $set: { note: noise().repeat(2_000) } }]
    await fillUpTo(0)
    const answer = await lethe.post('/engage', { body })
    expect(answer.status).toBe(503)
  })

  it('stays up, and still gives out everything that was acknowledged', async () => {
    expect(isAlive(lethe.pid)).toBe(true)
    expect((await lethe.get('/healthz')).status).toBe(200)
    const counts = countById(await insist('an export', () => exportedEvents(lethe)))
    expect([...acknowledged].filter((id) => counts.get(id) !== 1)).toEqual([])
  })

  it('takes and erases again when there is room, without a restart', async () => {
    await rm(ballast)
    await insist('storing again', async () => (await send(500)) === 200)
    const counts = countById(await exportedEvents(lethe))
    expect([...acknowledged].filter((id) => counts.get(id) !== 1)).toEqual([])
    const task = await insist('asking', () => askFor(lethe, 'data-deletions', ['somebody']))
    await insist('erasure', async () => (await statusOf(lethe, task)).status === 'SUCCESS')
    expect(await exportedEvents(lethe)).toEqual([])
  })

  it('finds everything again after a restart on a disk that was full', async () => {
    acknowledged.clear()
    expect(await send(500)).toBe(200)
    await fillUpTo(0)
    await send(2_000)
    await rm(ballast)
    await lethe.kill9()
    lethe = await startLethe({ dataDir, env: fastPrivacy })
    const counts = countById(await exportedEvents(lethe))
    expect([...acknowledged].filter((id) => counts.get(id) !== 1)).toEqual([])
  })
})
