import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type ErasureRig, nothing, openErasureRig } from '../../../../test/support/erasure-rig.ts'
import type { PersonalDataHolder } from '../../../kernel/subject.ts'
import type { PrivacyTask } from '../domain/task.ts'
import type { DeletionDeps } from './deletion-deps.ts'
import { runDeletions } from './run-deletions.ts'

let rig: ErasureRig
beforeAll(async () => {
  rig = await openErasureRig()
  await rig.plant('bystander')
})
afterAll(() => rig?.close())
// No erasure may run over into the next test.
afterEach(async () => {
  for (let round = 0; round < 6; round += 1) await runDeletions(rig.deletionDeps()).catch(() => undefined)
  const left = await rig.control.rows(`SELECT 1 FROM privacy_task WHERE kind = 'deletion' AND state = 'STARTED'`)
  expect(left).toEqual([])
})

/** Erasers and ports that are broken in one place; everything else is the server's own. */
const mutated = (change: (deps: DeletionDeps) => Partial<DeletionDeps['erase']>): DeletionDeps => {
  const deps = rig.deletionDeps()
  return { ...deps, erase: { ...deps.erase, ...change(deps) } }
}

const withHolder = (name: string, erase: PersonalDataHolder['erase']) =>
  mutated((deps) => ({
    holders: deps.erase.holders.map((holder) => (holder.name === name ? { ...holder, erase } : holder)),
  }))

/** One round must be refused with `reason`, leave the task STARTED without receipt, and the person unseen. */
const expectRefused = async (deps: DeletionDeps, task: PrivacyTask, ids: readonly string[], reason: RegExp) => {
  await expect(runDeletions(deps)).rejects.toThrow(reason)
  const after = await rig.task(task)
  expect(after).toMatchObject({ state: 'STARTED', receipt: null })
  expect(after.evidence?.holders.map((holder) => holder.rows_after)).not.toContain(0)
  expect(await rig.seen(ids)).toBe('')
}

const expectErased = async (task: PrivacyTask, ids: readonly string[]) => {
  const after = await rig.task(task)
  expect(after).toMatchObject({ state: 'SUCCESS', idsObjectKey: null, failure: null })
  expect(after.receipt).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  expect(await rig.rowsOf(ids)).toEqual(nothing)
}

const planted = async (name: string) => {
  const ids = await rig.plant(name)
  const others = await rig.rowsOfOthers(ids)
  const task = await rig.request('deletion', [`${name}-user`])
  return { ids, task, others }
}

describe('the gate before SUCCESS', () => {
  it('opens for the erasure as it is, which counts what it did and touches nobody else', async () => {
    const { ids, task, others } = await planted('plain')
    await rig.plant('plain', 2)
    const inOtherProject = await rig.seen(ids, 2)
    expect(await runDeletions(rig.deletionDeps())).toBe(true)
    await expectErased(task, ids)
    const { evidence } = await rig.task(task)
    expect(evidence).toMatchObject({ ids_requested: 1, ids_in_clusters: 2, ids_unknown: 0 })
    expect(evidence?.holders.filter((holder) => holder.rows_before > 0)).toMatchObject([
      { holder: 'events', rows_before: 3, partitions_before: ['202401', '202402'] },
      { holder: 'profiles', rows_before: 1 },
      { holder: 'identity links', rows_before: 1 },
      // The request itself names the person until it is done.
      { holder: 'privacy requests', rows_before: 1 },
    ])
    expect(new Set(evidence?.holders.map((holder) => holder.rows_after))).toEqual(new Set([0]))
    const theirs = (row: string) => !row.includes('(2,')
    expect((await rig.rowsOfOthers(ids)).filter(theirs)).toEqual(others.filter(theirs))
    expect(inOtherProject).toContain('plain-value')
    expect(await rig.seen(ids, 2)).toBe(inOtherProject)
    expect(await runDeletions(rig.deletionDeps())).toBe(false)
  })

  it.each([
    ['events', /table event still holds 3 rows/],
    ['profiles', /table profile still holds 1 rows/],
    ['identity links', /table identity_link still holds 1 rows/],
  ])('stays shut when the holder of %s erases nothing', async (name, reason) => {
    const { ids, task, others } = await planted(`skip-${name.replace(' ', '-')}`)
    await expectRefused(
      withHolder(name, async () => undefined),
      task,
      ids,
      reason,
    )
    await runDeletions(rig.deletionDeps())
    await expectErased(task, ids)
    expect(await rig.rowsOfOthers(ids)).toEqual(others)
  })

  it('stays shut when one holder is not called at all', async () => {
    const { ids, task } = await planted('forgotten')
    const forgetting = mutated((deps) => ({
      holders: deps.erase.holders
        .filter(({ name }) => name !== 'profiles')
        .map((holder) => ({ ...holder, eraseAfter: [] })),
    }))
    await expectRefused(forgetting, task, ids, /table profile still holds 1 rows/)
    await runDeletions(rig.deletionDeps())
    await expectErased(task, ids)
  })

  it('stays shut while another request still names the person', async () => {
    const { ids, task } = await planted('named')
    const second = await rig.request('deletion', ['named-user', 'bystander-user'], { graceSeconds: 3_600 })
    const keeping = mutated((deps) => ({
      requestObjects: { ...deps.erase.requestObjects, erase: async () => undefined },
    }))
    await expectRefused(keeping, task, ids, new RegExp(`the id list of task ${second.trackingId} names them`))
    await runDeletions(rig.deletionDeps())
    await expectErased(task, ids)
    const objects = await rig.objectTexts()
    expect(objects).not.toContain('named-user')
    expect(objects).toContain('bystander-user')
    expect(await rig.task(second)).toMatchObject({ state: 'PENDING' })
  })

  it('opens although a request that never came to be left its list, which no longer names the person', async () => {
    const { ids, task } = await planted('orphan')
    const list = { distinct_ids: ['orphan-user', 'bystander-user'], requested_at_ms: Date.now() - 1_000 }
    const key = 'privacy/1/ids/00000000-0000-4000-8000-000000000000.x.json'
    await rig.objects.put(key, JSON.stringify(list))
    await runDeletions(rig.deletionDeps())
    await expectErased(task, ids)
    const objects = await rig.objectTexts()
    expect(objects).not.toContain('orphan-user')
    expect(objects).toContain('bystander-user')
    await rig.objects.delete(key)
  })

  it('stays shut while an archive is there that no list explains', async () => {
    const { ids, task } = await planted('archived')
    await rig.objects.put('privacy/1/archives/123.zip', 'whose?')
    await expectRefused(rig.deletionDeps(), task, ids, /archive 123 has no id list/)
    await rig.objects.delete('privacy/1/archives/123.zip')
    await runDeletions(rig.deletionDeps())
    await expectErased(task, ids)
  })

  it('stays shut while retired parts lie on disk', async () => {
    // The engine would clean up behind the broken eraser sooner or later.
    await rig.db.command('ALTER TABLE event MODIFY SETTING old_parts_lifetime = 480')
    const { ids, task } = await planted('retired')
    const hoarding = mutated(() => ({ retireParts: async () => ({ retiredPartCount: 0, leftOver: [] }) }))
    await expectRefused(
      hoarding,
      task,
      ids,
      /retired part event\/\S+ is still there.*folder event\/\S+ is still on disk/,
    )
    await rig.db.command('ALTER TABLE event MODIFY SETTING old_parts_lifetime = 0')
    await runDeletions(rig.deletionDeps())
    await expectErased(task, ids)
  })

  it('stays shut while a detached part lies on disk', async () => {
    const { ids, task } = await planted('detached')
    await rig.db.command(`ALTER TABLE profile DETACH PARTITION ID 'all'`)
    await rig.plant('detached')
    await expectRefused(rig.deletionDeps(), task, ids, /detached part profile\/\S+ is still there/)
    await rig.db.command(`ALTER TABLE profile ATTACH PARTITION ID 'all'`)
    await runDeletions(rig.deletionDeps())
    await expectErased(task, ids)
  })

  it.each(['events', 'profiles', 'identity links'])(
    'stays shut when the holder of %s throws, and names it',
    async (name) => {
      const { ids, task } = await planted(`throwing-${name.replace(' ', '-')}`)
      const broken = withHolder(name, async () => {
        throw new Error('a value of somebody')
      })
      await expectRefused(broken, task, ids, new RegExp(`^step erase_${name.replace(' ', '_')} did not end$`))
      await runDeletions(rig.deletionDeps())
      await expectErased(task, ids)
    },
  )

  it.each(['openClusters', 'rows', 'files', 'objects'] as const)(
    'stays shut when its reader of %s cannot tell: unknown is not zero',
    async (reader) => {
      const { ids, task } = await planted(`unread-${reader}`)
      const blind = mutated((deps) => ({
        gate: {
          ...deps.erase.gate,
          [reader]: async () => {
            throw new Error('no answer')
          },
        },
      }))
      await expectRefused(
        blind,
        task,
        ids,
        /^step check_\w+ did not end$|^step retire_parts did not end$|^step request_objects did not end$/,
      )
      await runDeletions(rig.deletionDeps())
      await expectErased(task, ids)
    },
  )

  it('ends in FAILURE that names the table, with the person still unseen, and a new request finishes it', async () => {
    const { ids, task } = await planted('stubborn')
    const lazy = withHolder('profiles', async () => undefined)
    for (let round = 1; round < 5; round += 1) await expectRefused(lazy, task, ids, /table profile/)
    await runDeletions(lazy)
    expect(await rig.task(task)).toMatchObject({
      state: 'FAILURE',
      failure: 'table profile still holds 1 rows',
      receipt: null,
    })
    expect(await rig.seen(ids)).toBe('')
    expect(await runDeletions(rig.deletionDeps())).toBe(false)
    expect(await rig.seen(ids)).toBe('')
    const again = await rig.request('deletion', ['stubborn-user'])
    await runDeletions(rig.deletionDeps())
    await expectErased(again, ids)
    expect(await rig.objectTexts()).not.toContain('stubborn-user')
    expect(await rig.task(task)).toMatchObject({ state: 'FAILURE' })
  })

  it('takes along a device that was linked after staging and before the cutoff', async () => {
    const { ids, task, others } = await planted('late')
    const link = { project_id: 1, distinct_id: '$device:late-second', canonical_id: 'late-user' }
    const deps = rig.deletionDeps()
    let isLinked = false
    const engineNow = async () => {
      if (!isLinked) await rig.db.insert('identity_link', JSON.stringify(link))
      isLinked = true
      return deps.erase.hidden.engineNow()
    }
    const racing = { ...deps, erase: { ...deps.erase, hidden: { ...deps.erase.hidden, engineNow } } }
    expect(await runDeletions(racing)).toBe(true)
    await expectErased(task, [...ids, '$device:late-second'])
    expect(await rig.rowsOfOthers(ids)).toEqual(others)
  })

  it('is not held up by merges between the last look and the end of the hiding', async () => {
    const { ids, task } = await planted('merging')
    const deps = rig.deletionDeps()
    const reveal = async (batchId: string) => {
      for (const name of ['merging-a', 'merging-b', 'merging-c']) await rig.plant(name)
      await rig.db.command('OPTIMIZE TABLE event FINAL')
      await deps.erase.hidden.reveal(batchId)
    }
    await runDeletions({ ...deps, erase: { ...deps.erase, hidden: { ...deps.erase.hidden, reveal } } })
    await expectErased(task, ids)
  })

  it('fails a deletion whose list is lost instead of erasing nobody', async () => {
    const { ids, task } = await planted('lost')
    await rig.objects.delete((await rig.task(task)).idsObjectKey ?? '')
    await runDeletions(rig.deletionDeps())
    expect(await rig.task(task)).toMatchObject({ state: 'STAGING', receipt: null })
    for (let attempt = 1; attempt < 5; attempt += 1) {
      await rig.control.rows('UPDATE privacy_task SET not_before = NULL WHERE tracking_id = $1', [task.trackingId])
      await runDeletions(rig.deletionDeps())
    }
    expect(await rig.task(task)).toMatchObject({ state: 'FAILURE', receipt: null })
    expect((await rig.rowsOf(ids)).event).toBe(3)
  })

  it('stays shut when an alias was forgotten, before anything of the person is gone', async () => {
    const { ids, task } = await planted('forgetful')
    const deps = rig.deletionDeps()
    const forgetful = { ...deps.stage.clusters, expand: async (_scope: unknown, given: readonly string[]) => given }
    const broken: DeletionDeps = { ...deps, stage: { ...deps.stage, clusters: forgetful } }
    await expect(runDeletions(broken)).rejects.toThrow('identity links lead from the people to ids')
    expect(await rig.task(task)).toMatchObject({ state: 'STARTED', receipt: null })
    expect((await rig.rowsOf(ids)).event).toBe(3)
    // The batch as it was staged can never pass.
    for (let round = 1; round < 5; round += 1) await runDeletions(broken).catch(() => undefined)
    expect(await rig.task(task)).toMatchObject({ state: 'FAILURE' })
    const again = await rig.request('deletion', ['forgetful-user'])
    await runDeletions(rig.deletionDeps())
    await expectErased(again, ids)
  })
})
