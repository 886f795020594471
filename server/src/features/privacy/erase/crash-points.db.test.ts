import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ErasurePorts, type ErasureRig, nothing, openErasureRig } from '../../../../test/support/erasure-rig.ts'
import { scanFolder } from '../../../../test/support/raw-scan.ts'
import type { PrivacyTask } from '../domain/task.ts'
import { runDeletions } from './run-deletions.ts'

class Crash extends Error {}

interface CrashingPorts {
  readonly ports: ErasurePorts
  /** What was called, in order, up to the crash. */
  readonly calls: readonly string[]
}

// biome-ignore lint/suspicious/noExplicitAny: any port's function
type AnyCall = (...args: any[]) => Promise<any>

/**
 * The real stores until call number `crashAt` has had its effect; then nothing answers any more, as when the process is
 * killed. Inside a transaction that means: rolled back.
 */
const crashingPorts = (rig: ErasureRig, crashAt: number): CrashingPorts => {
  const calls: string[] = []
  let isDead = false
  const guard = <Call extends AnyCall>(name: string, call: Call): Call =>
    (async (...args: unknown[]) => {
      if (isDead) throw new Crash('already dead')
      const result: unknown = await call(...args)
      calls.push(name)
      isDead ||= calls.length === crashAt
      if (isDead) {
        if (name === 'objects.get') (result as { body: Readable } | null)?.body.destroy()
        throw new Crash(`crashed after ${name}`)
      }
      return result
    }) as Call
  const { control, objects, db } = rig
  const ports: ErasurePorts = {
    control: {
      ...control,
      rows: guard('control.rows', control.rows),
      tx: guard('control.tx', (work) => control.tx((tx) => work({ rows: guard('tx.rows', tx.rows) }))),
    },
    objects: {
      ...objects,
      put: guard('objects.put', objects.put),
      get: guard('objects.get', objects.get),
      delete: guard('objects.delete', objects.delete),
      list: guard('objects.list', objects.list),
    },
    db: {
      ...db,
      rows: guard('db.rows', db.rows),
      insert: guard('db.insert', db.insert),
      command: guard('db.command', db.command),
    },
    audit: { append: guard('audit.append', async () => undefined) },
  }
  return { ports, calls }
}

let rig: ErasureRig
beforeAll(async () => {
  rig = await openErasureRig()
  await rig.plant('bystander')
})
afterAll(() => rig?.close())

/** A person with an archive, and a second deletion that waits and names them beside somebody else. */
const prepare = async (name: string) => {
  const ids = await rig.plant(name)
  const retrieval = await rig.request('retrieval', [`${name}-user`])
  await rig.retrieve()
  expect(await rig.task(retrieval)).toMatchObject({ state: 'SUCCESS' })
  const waiting = await rig.request('deletion', [`${name}-user`, 'bystander-user'], { graceSeconds: 3_600 })
  const task = await rig.request('deletion', [`${name}-user`])
  return { ids, task, waiting, retrieval, others: await rig.rowsOfOthers(ids) }
}

const finishUncrashed = async (): Promise<void> => {
  for (let round = 0; round < 5; round += 1) if (!(await runDeletions(rig.deletionDeps()))) return
}

const forgetTasks = async (tasks: readonly PrivacyTask[]): Promise<void> => {
  await rig.control.rows('DELETE FROM privacy_task WHERE tracking_id = ANY($1)', [tasks.map((t) => t.trackingId)])
  for (const { key } of await rig.objects.list('')) await rig.objects.delete(key)
}

/** True when the run came to its end before call `crashAt`. */
const crashOnce = async (crashAt: number): Promise<boolean> => {
  const name = `crash${crashAt}x`
  const { ids, task, waiting, retrieval, others } = await prepare(name)
  const { ports, calls } = crashingPorts(rig, crashAt)
  const outcome = await runDeletions(rig.deletionDeps(ports)).then(
    () => 'ended',
    () => 'crashed',
  )
  const at = `after call ${crashAt}: ${calls.at(-1)}`
  expect(outcome === 'crashed' || (await rig.task(task)).state === 'SUCCESS', at).toBe(true)
  await finishUncrashed()

  const after = await rig.task(task)
  expect(after, at).toMatchObject({ state: 'SUCCESS', idsObjectKey: null })
  expect(after.receipt, at).not.toBe(null)
  expect(await rig.rowsOf(ids), at).toEqual(nothing)
  expect(await rig.rowsOfOthers(ids), at).toEqual(others)
  const objects = await rig.objectTexts()
  expect(objects, at).not.toContain(name)
  expect(objects, at).not.toContain('.zip')
  expect(await rig.task(retrieval), at).toMatchObject({ archiveObjectKey: null })
  // What the waiting request still has to do is not lost.
  const waitingNow = await rig.task(waiting)
  expect(waitingNow, at).toMatchObject({ state: 'PENDING' })
  const list = await rig.deletionDeps().idLists.read(waitingNow.idsObjectKey ?? '')
  expect(list?.distinct_ids, at).toEqual(['bystander-user'])
  await forgetTasks([task, waiting, retrieval])
  return outcome === 'ended' && calls.length < crashAt
}

describe('an erasure that is killed', () => {
  it('after any call to any store ends in SUCCESS when run again, and touches nobody else', async () => {
    const step = Number(process.env['CRASH_POINT_STEP'] ?? 9)
    let crashAt = 1 + Math.floor(Math.random() * step)
    console.log(`crash points: every ${step}. call from call ${crashAt} on (CRASH_POINT_STEP=1 for each)`)
    while (!(await crashOnce(crashAt))) crashAt += step
    // Fewer would mean that the ports were not used.
    expect(crashAt).toBeGreaterThan(60)
    const { found } = await scanFolder(join(rig.engines.folder, 'us'), ['crash', 'bystander-value'])
    expect([...found.keys()]).toEqual(['bystander-value'])
  }, 600_000)
})
