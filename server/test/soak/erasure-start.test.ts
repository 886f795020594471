import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
import type { Request } from './model.ts'
import type { Properties } from './model-identities.ts'
import { deliver, exportedEvents, startErasing, stateOf } from './play.ts'
import { type SoakProject, startTwoServers, type TwoServers } from './two-servers.ts'

// A client that says the same again and again while its person is being erased, at two servers.

const limitMs = 120_000
let two: TwoServers
beforeAll(async () => {
  two = await startTwoServers(3)
})
afterAll(() => two?.stop())

/** Says it to both servers, over and over, until the deletion is done. Answers how often. */
const sayUntilErased = async (project: SoakProject, task: string, say: (n: number) => Request): Promise<number> => {
  let count = 0
  let isDone = false
  const sayers = two.servers.map(async (lethe) => {
    while (!isDone) {
      count += 1
      await deliver(lethe, project, say(count))
      await delay(25)
    }
  })
  await waitFor(
    'the end of a deletion',
    async () => (await stateOf(two.servers[0], project, task)) === 'SUCCESS',
    limitMs,
  )
  isDone = true
  await Promise.all(sayers)
  return count
}

const eventOf = (event: string, properties: Properties): Request => ({
  surface: 'track',
  records: [{ event, properties: { $insert_id: randomUUID(), ...properties } }],
})

const joins = {
  simplified: (user: string, device: string) => eventOf('Login', { $user_id: user, $device_id: device }),
  original: (user: string, device: string) => eventOf('$identify', { $identified_id: user, $anon_id: device }),
  legacy: (user: string, device: string) => eventOf('$create_alias', { distinct_id: user, alias: device }),
} as const

const everyMode = <T>(work: (project: SoakProject) => Promise<T>): Promise<readonly T[]> =>
  Promise.all(two.projects.map(work))

describe('the start of an erasure', () => {
  it('loses no join that is said again after it', { timeout: 2 * limitMs }, async () => {
    const owners = await everyMode(async (project) => {
      const [user, device] = [`user ${randomUUID()}`, randomUUID()]
      const anonymous = project.mode === 'simplified' ? `$device:${device}` : device
      const join = () => joins[project.mode](user, device)
      for (const lethe of two.servers) await deliver(lethe, project, join())
      const task = await startErasing(two.servers[0], project, { ids: [user], suppress: false })
      await sayUntilErased(project, task, join)
      await deliver(two.servers[1], project, eventOf('Later', { distinct_id: anonymous }))
      const later = (await exportedEvents(two.servers[0], project)).find(({ event }) => event === 'Later')
      return later?.properties['distinct_id'] === user
    })
    expect(owners).toEqual([true, true, true])
  })

  it('lets nothing in of who is suppressed, at neither server', { timeout: 2 * limitMs }, async () => {
    const left = await everyMode(async (project) => {
      const user = `suppressed ${randomUUID()}`
      const say = (n: number) => eventOf('Said', { distinct_id: user, n })
      for (const lethe of two.servers) await deliver(lethe, project, say(0))
      const task = await startErasing(two.servers[0], project, { ids: [user], suppress: true })
      expect(await sayUntilErased(project, task, say)).toBeGreaterThan(10)
      return (await exportedEvents(two.servers[0], project))
        .filter(({ event }) => event === 'Said')
        .map(({ properties }) => properties['n'])
    })
    expect(left).toEqual([[], [], []])
  })
})
