import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type HistoryOptions, historyOf, type Step } from './history.ts'
import { createPlay, type Play } from './play.ts'
import { startTwoServers, type TwoServers } from './two-servers.ts'

// `npm run test:soak -- --histories 2000 --seed 1` sets these.
const historyCount = Number(process.env['SOAK_HISTORIES'] ?? 54)
const firstSeed = Number(process.env['SOAK_SEED'] ?? randomInt(1_000_000_000))
const projectCount = Math.min(60, historyCount)
// Histories that are lived side by side.
const crowdSize = 20

let two: TwoServers
beforeAll(async () => {
  two = await startTwoServers(projectCount)
})
afterAll(() => two?.stop())

const playOf = (seed: number, options: Omit<HistoryOptions, 'mode' | 'nowMs'> = {}): Play => {
  const project = two.projects[(seed - firstSeed) % two.projects.length]
  if (project === undefined) throw new Error('there is no such project')
  return createPlay(two, project, historyOf(seed, { ...options, mode: project.mode, nowMs: Date.now() }))
}

const live = async (play: Play, steps: readonly Step[]): Promise<void> => {
  for (const step of steps) {
    if (step.kind === 'send') await play.send(step)
    else if (step.kind === 'erase') await play.erase(step)
    else await play.look(0)
  }
}

/** As many at once as a crowd has; the first that fails ends the others after their own. */
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
  await Promise.all(Array.from({ length: crowdSize }, member))
}

const seedsFrom = (offset: number, count: number) => Array.from({ length: count }, (_, at) => firstSeed + offset + at)

describe('two servers over the same stores', () => {
  it('agree with a plain model about random histories', { timeout: 60_000 + historyCount * 5_000 }, async () => {
    console.log(`soak: ${historyCount} histories from seed ${firstSeed} (npm run test:soak -- --histories --seed)`)
    await inCrowds(seedsFrom(0, historyCount), async (seed) => {
      const play = playOf(seed)
      await live(play, play.history.steps)
      await play.settle()
      await play.look(0)
      await play.look(1)
    })
  })
})
