import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fastPrivacy } from '../fault/fault-rig.ts'
import { basic, bearer, type Lethe, startLethe } from '../support/lethe.ts'
import { exportEvents, privacyOfficer, type StoredEvent } from '../support/privacy-officer.ts'
import { defaultProvision, owner, us } from '../support/provision.ts'
import { waitFor } from '../support/wait-for.ts'
import { type History, historyOf, type Step } from './non-interference-history.ts'

// Two projects of one server: `us` sees everybody, `without` never hears of the erased.
const without = { id: 1003, token: '1003a'.padEnd(32, '0'), secret: '1003b'.padEnd(32, '0') }
const runCount = Number(process.env['NON_INTERFERENCE_RUNS'] ?? 25)
const firstSeed = Number(process.env['NON_INTERFERENCE_SEED'] ?? randomInt(1_000_000_000))
// Histories that live side by side, and whose erasures share a mutation.
const roundSize = 10

let lethe: Lethe
beforeAll(async () => {
  const [acme, ...others] = defaultProvision().organizations
  const second = { ...without, name: 'Without', region: 'US', timezone: 'UTC', identity: 'simplified' }
  const provision = { organizations: [{ ...acme, projects: [...(acme?.projects ?? []), second] }, ...others] }
  lethe = await startLethe({ provision, env: fastPrivacy })
})
afterAll(() => lethe?.stop())

type Project = typeof without

const send = async (project: Project | typeof us, step: Step): Promise<void> => {
  if (step.kind === 'engage') {
    const update = { $token: project.token, $distinct_id: step.user, ...step.operation }
    await lethe.post('/engage', { body: [update] })
    return
  }
  const { device, user } = step
  const properties = {
    ...step.properties,
    distinct_id: user ?? `$device:${device}`,
    ...(device === undefined ? {} : { $device_id: device }),
    ...(user === undefined || device === undefined ? {} : { $user_id: user }),
  }
  const isImport = step.kind === 'import'
  const event = { event: 'Did', properties: isImport ? properties : { ...properties, token: project.token } }
  const answer = isImport
    ? await lethe.post('/import?strict=1', { headers: basic(project.secret), body: [event] })
    : await lethe.post('/track', { body: [event] })
  expect(answer.status).toBe(200)
}

const live = async (history: History, steps: readonly Step[]): Promise<void> => {
  for (const step of steps) {
    await send(us, step)
    if (history.ownerOf(step) !== history.erasedUser) await send(without, step)
  }
}

const as = { headers: bearer(owner.gdprToken) }
const deletions = '/api/app/data-deletions/v3.0'

/** Resolves when the deletion has started: what is sent from then on is new. */
const startErasing = async (history: History): Promise<string> => {
  const created = await waitFor('a turn to ask', async () => {
    const body = { distinct_ids: [history.named] }
    const answer = await lethe.post(`${deletions}?token=${us.token}`, { ...as, body })
    return answer.status === 201 ? answer : null
  })
  const id: string = created.json().results[0].tracking_id
  await waitForState(id, ['STARTED', 'SUCCESS'])
  return id
}
const waitForState = (id: string, states: readonly string[]) =>
  waitFor(
    `${states} of a deletion`,
    async () => {
      const { results } = (await lethe.get(`${deletions}/${id}?token=${us.token}`, as)).json()
      expect(results.status).not.toBe('FAILURE')
      return states.includes(results.status)
    },
    60_000,
  )

/** An event as text, without what the server adds on arrival. */
const lineOf = ({ event, properties }: StoredEvent): string => {
  const { $mp_api_timestamp_ms, mp_processing_time_ms: _, ...kept } = properties
  expect($mp_api_timestamp_ms).toEqual(expect.any(Number))
  return JSON.stringify({ event, properties: Object.fromEntries(Object.entries(kept).sort()) })
}

/** Everything of the others: export lines and profiles. */
const worldOf = async (project: Project | typeof us, histories: readonly History[]) => {
  const erased = new Set(histories.map((history) => history.erasedUser))
  const events = await exportEvents(lethe, project)
  const ids = histories.flatMap((history) => history.otherIds)
  const { people } = await privacyOfficer(lethe, project).retrieve(...ids)
  return {
    lines: events
      .filter(({ properties }) => !erased.has(String(properties['distinct_id'])))
      .map(lineOf)
      .sort(),
    profiles: people
      .filter(({ $distinct_id }) => !erased.has($distinct_id))
      .map(({ $distinct_id, $properties }) => {
        const { $last_seen: _, ...kept } = $properties
        return JSON.stringify([$distinct_id, Object.entries(kept).sort()])
      }),
    ofErased: events.filter(({ properties }) => erased.has(String(properties['distinct_id']))),
  }
}

describe('erasing a person', () => {
  it('leaves everybody else as if that person had never been', { timeout: 600_000 }, async () => {
    console.log(`non-interference: ${runCount} histories from seed ${firstSeed} (NON_INTERFERENCE_SEED, _RUNS)`)
    let erasedEventCount = 0
    for (let done = 0; done < runCount; done += roundSize) {
      const seeds = Array.from({ length: Math.min(roundSize, runCount - done) }, (_, index) => firstSeed + done + index)
      const histories = seeds.map((seed) => historyOf(seed, `h${seed}`, Date.now()))
      await Promise.all(histories.map((history) => live(history, history.before)))
      const full = await worldOf(us, histories)
      erasedEventCount += full.ofErased.length
      const tasks = await Promise.all(
        histories.map(async (history) => {
          const id = await startErasing(history)
          await live(history, history.after)
          return id
        }),
      )
      await Promise.all(tasks.map((id) => waitForState(id, ['SUCCESS'])))

      const [seen, never] = [await worldOf(us, histories), await worldOf(without, histories)]
      const ours = (lines: readonly string[], { seed }: History) => lines.filter((line) => line.includes(`h${seed}-`))
      for (const history of histories) {
        const { seed, erasedUser, after } = history
        expect({ seed, lines: ours(seen.lines, history) }).toEqual({ seed, lines: ours(never.lines, history) })
        expect({ seed, profiles: ours(seen.profiles, history) }).toEqual({
          seed,
          profiles: ours(never.profiles, history),
        })
        // Of the erased: nothing from before, everything from after.
        const theirs = seen.ofErased.filter(({ properties }) => properties['distinct_id'] === erasedUser)
        const sentAfter = after.flatMap((step) =>
          step.kind !== 'engage' && step.user === erasedUser
            ? [(step.properties as { $insert_id: string }).$insert_id]
            : [],
        )
        expect({ seed, ids: theirs.map(({ properties }) => properties['$insert_id']).sort() }).toEqual({
          seed,
          ids: sentAfter.sort(),
        })
      }
      expect(never.ofErased).toEqual([])
    }
    expect(erasedEventCount).toBeGreaterThan(runCount)
  })
})
