import { setTimeout as sleep } from 'node:timers/promises'
import type { Lethe } from '../server/test/support/lethe.ts'
import type { BenchOptions } from './run.ts'
import { ask, saveFunnel, untilAnswered } from './support/ask.ts'
import { openBareEngine } from './support/bare-engine.ts'
import { asAccount, project, startBenchServer } from './support/bench-server.ts'
import { timeOf } from './support/compare.ts'
import { dayAgo, fillAnalytics, fillProfiles, personCountOf } from './support/fill-analytics.ts'
import { median, note, reportBound } from './support/report.ts'
import { ndjsonBatches } from './support/sample-events.ts'

const analystCount = 8
const seconds = 60
// An analyst looks at an answer before the next question.
const thinkMs = 1_000
const eventsPerSecond = 2_000
const batchesPerSecond = 2
const idleRoundCount = 5
const goal = 6

interface Question {
  readonly endpoint: string
  readonly params: Readonly<Record<string, string | number>>
}

/** Several analysts at once while events come in: how much longer they wait than one alone at an idle server. */
export const runAnalystsBench = async ({ eventCount, dataDir }: BenchOptions): Promise<void> => {
  const lethe = await startBenchServer({ dataDir })
  const engine = await openBareEngine(lethe.dataDir)
  try {
    await fillAnalytics(engine, { projectId: project.id, eventCount })
    await fillProfiles(engine, project.id, personCountOf({ eventCount }))
    await untilAnswered(lethe, project.id, dayAgo(1))
    const questions = await questionsOf(lethe)
    const idleMs: number[] = []
    for (const { endpoint, params } of questions) {
      const times: number[] = []
      for (let round = 0; round < idleRoundCount; round += 1)
        times.push(await timeOf(() => ask(lethe, endpoint, params)))
      idleMs.push(median(times))
      note(`${endpoint}: ${median(times).toFixed(0)} ms at an idle server`)
    }
    const endAtMs = performance.now() + seconds * 1_000
    const slowdowns: number[] = []
    const analyst = async (first: number): Promise<void> => {
      for (let at = first; performance.now() < endAtMs; at += 1) {
        const { endpoint, params } = questions[at % questions.length] as Question
        const ms = await timeOf(() => ask(lethe, endpoint, params))
        slowdowns.push(ms / (idleMs[at % questions.length] as number))
        await sleep(thinkMs * (0.5 + Math.random()))
      }
    }
    const analysts = Array.from({ length: analystCount }, (_, first) => analyst(first))
    const [sentCount] = await Promise.all([keepImporting(lethe, endAtMs), ...analysts])
    const sorted = slowdowns.toSorted((a, b) => a - b)
    note(`${slowdowns.length} questions, none refused; ${Math.round(sentCount / seconds)} events/s came in meanwhile`)
    note(`in the middle ${median(sorted).toFixed(1)} times the time of an idle server`)
    reportBound(
      '99 of 100 questions, times the idle median',
      sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      'times',
      goal,
    )
  } finally {
    engine.close()
    await lethe.stop()
  }
}

const questionsOf = async (lethe: Lethe): Promise<readonly Question[]> => {
  const id = { project_id: project.id }
  const month = { ...id, from_date: dayAgo(30), to_date: dayAgo(0) }
  const funnel = await saveFunnel(lethe, ['Page view', 'Product viewed', 'Added to cart'], 7)
  return [
    { endpoint: 'segmentation', params: { ...month, event: 'Page view', type: 'unique', unit: 'day' } },
    { endpoint: 'segmentation', params: { ...month, event: 'Purchase', on: 'properties["plan"]', unit: 'day' } },
    { endpoint: 'events/properties/top', params: { ...id, event: 'Page view' } },
    {
      endpoint: 'retention',
      params: { ...month, born_event: 'Signed in', event: 'Purchase', unit: 'week', interval_count: 4 },
    },
    { endpoint: 'funnels', params: { ...month, funnel_id: funnel, interval: 31 } },
    { endpoint: 'engage', params: { ...id, where: 'properties["plan"] == "pro"' } },
  ]
}

/** Batches at an even pace. Resolves with how many events were sent. */
const keepImporting = async (lethe: Lethe, endAtMs: number): Promise<number> => {
  const eventsPerBatch = eventsPerSecond / batchesPerSecond
  const bodies = ndjsonBatches(seconds * batchesPerSecond, eventsPerBatch)
  const headers = { ...asAccount, 'Content-Type': 'application/x-ndjson', 'Content-Encoding': 'gzip' }
  const path = `/import?strict=1&project_id=${project.id}`
  const startedAtMs = performance.now()
  const sent: Promise<void>[] = []
  const send = async (body: Buffer): Promise<void> => {
    const { status, text } = await lethe.post(path, { headers, body })
    if (status !== 200) throw new Error(`/import answered ${status}: ${text.slice(0, 500)}`)
  }
  for (const [at, body] of bodies.entries()) {
    await sleep(Math.max(0, startedAtMs + (at * 1_000) / batchesPerSecond - performance.now()))
    if (performance.now() >= endAtMs) break
    sent.push(send(body))
  }
  await Promise.all(sent)
  return sent.length * eventsPerBatch
}
