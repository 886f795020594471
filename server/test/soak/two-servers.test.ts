import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomOf } from '../fault/fault-rig.ts'
import { type HistoryOptions, historyOf, type Step } from './history.ts'
import type { Request } from './model.ts'
import { answersOf, createPlay, deliver, exported, type Play } from './play.ts'
import { type SoakProject, startTwoServers, type TwoServers } from './two-servers.ts'

// `npm run test:soak -- --histories 2000 --seed 1` sets these.
const historyCount = Number(process.env['SOAK_HISTORIES'] ?? 27)
const firstSeed = Number(process.env['SOAK_SEED'] ?? randomInt(1_000_000_000))
const isLong = process.env['SOAK_HISTORIES'] !== undefined
// Histories that are lived side by side: their erasures share mutations.
const crowdSize = 60
// One of each mode, on and off.
const replayCount = Math.max(6, Math.floor(historyCount / 50))
const stormCount = Math.max(3, Math.floor(historyCount / 50))
// Storms are counted by whole projects: these are theirs alone.
const stormProjectCount = 3
const sharedProjectCount = Math.min(60, historyCount)

let two: TwoServers
beforeAll(async () => {
  two = await startTwoServers(sharedProjectCount + stormProjectCount)
})
afterAll(() => two?.stop())

const playOf = (seed: number, projectIndex: number, options: Partial<HistoryOptions> = {}): Play => {
  const project = two.projects[projectIndex] as SoakProject
  const length = isLong ? 10 : 6
  return createPlay(two, project, historyOf(seed, { length, ...options, mode: project.mode, nowMs: Date.now() }))
}

const live = async (play: Play, steps: readonly Step[]): Promise<void> => {
  for (const step of steps) {
    if (step.kind === 'send') await play.send(step)
    else if (step.kind === 'erase') await play.erase(step)
    else await play.look(step.server)
  }
}

/** As many at once as a crowd has. When one fails no other begins, and those that are under way are waited for. */
const inCrowds = async (seeds: readonly number[], work: (seed: number) => Promise<void>): Promise<void> => {
  const waiting = [...seeds]
  const member = async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      try {
        await work(seed)
      } catch (error) {
        waiting.length = 0
        throw error
      }
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: crowdSize }, member))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}

const timeout = 300_000 + historyCount * 5_000
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at)
const sendsOf = ({ history: { steps } }: Play) => steps.filter((step) => step.kind === 'send')

describe('two servers over the same stores', () => {
  it('agree with a plain model about random histories', { timeout }, async () => {
    console.log(`soak: ${historyCount} histories from seed ${firstSeed} (npm run test:soak -- --histories --seed)`)
    await inCrowds(upTo(historyCount), async (at) => {
      const play = playOf(firstSeed + at, at % sharedProjectCount)
      await live(play, play.history.steps)
      await play.settle()
      await play.look(at % 2 === 0 ? 0 : 1)
    })
  })

  it('bring nothing back when everything is sent again after an erasure', { timeout }, async () => {
    await inCrowds(upTo(replayCount), async (at) => {
      const seed = firstSeed + historyCount + at
      const play = playOf(seed, at % sharedProjectCount)
      const suppress = at % 6 < 3
      const sends = sendsOf(play)
      await live(play, sends)
      const ids = play.history.ids.slice(at % 3, (at % 3) + 1)
      const erased = new Set(ids.flatMap((id) => [id, ...play.model.idsOf(id)]))
      await play.erase({ kind: 'erase', ids, suppress, server: 0, meanwhile: [] })
      await live(play, sends)
      await play.settle()
      // What may come back is what the model has: nothing of who is suppressed, else what was sent after the start alone.
      await play.look(1)
      if (suppress) expect({ seed, gone: new Set(play.model.gone()) }).toEqual({ seed, gone: erased })
    })
  })

  it('answer as before after a storm of retries', { timeout }, async () => {
    const chains = upTo(stormProjectCount).map(async (at) => {
      for (let index = at; index < stormCount; index += stormProjectCount) {
        const seed = firstSeed + historyCount + replayCount + index
        const options = { isRepeatable: true, ageMaxSeconds: 3_600, length: 15 }
        const play = playOf(seed, sharedProjectCount + at, options)
        const { history } = play
        const sends = sendsOf(play)
        await live(play, sends)
        const project = two.projects[sharedProjectCount + at] as SoakProject
        const answers = () => Promise.all(two.servers.map((lethe) => answersOf(lethe, project, history)))
        const [before, beforeToo] = await answers()
        await storm(
          seed,
          project,
          [...sends, ...sends].map(({ request }) => request),
        )
        const [after, afterToo] = await answers()
        expect({ seed, after, beforeToo, afterToo }).toEqual({
          seed,
          after: before,
          beforeToo: before,
          afterToo: before,
        })
        expect(await exported(two.servers[0], project, history.prefix)).not.toHaveLength(play.model.lines().length)
      }
    })
    await Promise.all(chains)
  })
})

/** Sends them in random order, several at once, each to either server. */
const storm = async (seed: number, project: SoakProject, requests: readonly Request[]): Promise<void> => {
  const random = randomOf(seed)
  const waiting = requests.map((request) => ({ request, at: random() })).sort((a, b) => a.at - b.at)
  const sender = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await deliver(two.servers[next.at < 0.5 ? 0 : 1], project, next.request)
    }
  }
  await Promise.all(Array.from({ length: 6 }, sender))
}
