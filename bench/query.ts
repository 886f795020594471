import type { BenchOptions } from './run.ts'
import { ask, saveFunnel, untilAnswered } from './support/ask.ts'
import { type BareEngine, openBareEngine } from './support/bare-engine.ts'
import { project, startBenchServer } from './support/bench-server.ts'
import { compare } from './support/compare.ts'
import { dayAgo, dayCount, fillAnalytics } from './support/fill-analytics.ts'
import { note } from './support/report.ts'

const freeMs = 10
const dayMs = 86_400_000
const id = { project_id: project.id }
const year = { from_date: dayAgo(dayCount), to_date: dayAgo(0) }
const quarter = { from_date: dayAgo(90), to_date: dayAgo(1) }
const births = { from_date: dayAgo(120), to_date: dayAgo(61) }
const steps = ['Page view', 'Product viewed', 'Added to cart', 'Checkout started', 'Payment entered', 'Purchase']

interface Days {
  readonly from_date: string
  readonly to_date: string
}

const ofProject = `project_id = ${project.id}`
const inDays = ({ from_date, to_date }: Days, moreDays = 0): string =>
  `time >= toDateTime64('${from_date}', 3, 'UTC') AND time < toDateTime64('${to_date}', 3, 'UTC') + INTERVAL ${1 + moreDays} DAY`
const named = (names: readonly string[]): string => `event IN (${names.map((name) => `'${name}'`).join(', ')})`

interface Question {
  readonly endpoint: string
  readonly params: Readonly<Record<string, string | number>>
  /** What somebody who knows the table would write for it. */
  readonly sql: string
  readonly goal: number
}

const uniques = { ...year, ...id, event: 'Page view', unit: 'day', type: 'unique' }
const uniquesSql = (where: string): string => `
SELECT toDate(time) AS day, uniqExact(distinct_id) FROM event
WHERE ${ofProject} AND event = 'Page view' AND ${inDays(year)} ${where} GROUP BY day ORDER BY day`

const segmentations: Readonly<Record<string, Question>> = {
  'uniques by day': { endpoint: 'segmentation', params: uniques, sql: uniquesSql(''), goal: 1.2 },
  'uniques by day, where on a text': {
    endpoint: 'segmentation',
    params: { ...uniques, where: 'properties["plan"] == "pro"' },
    sql: uniquesSql(`AND properties['plan'] = '"pro"'`),
    goal: 1.2,
  },
  'uniques by day, where on a number': {
    endpoint: 'segmentation',
    params: { ...uniques, where: 'properties["price"] > 150' },
    sql: uniquesSql(`AND toFloat64OrNull(properties['price']) > 150`),
    goal: 1.2,
  },
  'events by day, top 10 of a property': {
    endpoint: 'segmentation',
    params: { ...uniques, type: 'general', on: 'properties["utm_campaign"]', limit: 10 },
    sql: `SELECT value, groupArray((day, n)) FROM (
SELECT properties['utm_campaign'] AS value, toDate(time) AS day, count() AS n FROM event
WHERE ${ofProject} AND event = 'Page view' AND ${inDays(year)} GROUP BY value, day)
GROUP BY value ORDER BY sum(n) DESC LIMIT 10`,
    goal: 1.2,
  },
  'uniques by day, top 10 of a property': {
    endpoint: 'segmentation',
    params: { ...uniques, on: 'properties["utm_campaign"]', limit: 10 },
    sql: `SELECT value, groupArray((day, finalizeAggregation(people))) FROM (
SELECT properties['utm_campaign'] AS value, toDate(time) AS day, uniqExactState(distinct_id) AS people FROM event
WHERE ${ofProject} AND event = 'Page view' AND ${inDays(year)} GROUP BY value, day)
GROUP BY value ORDER BY uniqExactMerge(people) DESC LIMIT 10`,
    goal: 1.2,
  },
}

const windowDays = 7

/** `windowFunnel` says how far each person came; the averages that the endpoint answers besides are not in it. */
const funnelSql = (names: readonly string[], by: string | null): string => {
  const value = by === null ? `''` : `argMinIf(properties['${by}'], time, event = '${names[0]}')`
  return `SELECT value, level, count() FROM (
SELECT ${value} AS value, windowFunnel(${windowDays * dayMs})(toUInt64(toUnixTimestamp64Milli(time)),
  ${names.map((name) => `event = '${name}'`).join(', ')}) AS level
FROM event WHERE ${ofProject} AND ${named(names)} AND ${inDays(quarter, windowDays)}
GROUP BY distinct_id) GROUP BY value, level`
}

const funnelQuestions = async (
  lethe: Parameters<typeof saveFunnel>[0],
): Promise<Readonly<Record<string, Question>>> => {
  const three = steps.slice(0, 3)
  const [ofThree, ofSix] = [await saveFunnel(lethe, three, windowDays), await saveFunnel(lethe, steps, windowDays)]
  const params = { ...quarter, ...id, interval: 90 }
  return {
    'funnel of 3 steps, 90 days': {
      endpoint: 'funnels',
      params: { ...params, funnel_id: ofThree },
      sql: funnelSql(three, null),
      goal: 1.3,
    },
    'funnel of 6 steps by a property, 90 days': {
      endpoint: 'funnels',
      params: { ...params, funnel_id: ofSix, on: 'properties["utm_source"]' },
      sql: funnelSql(steps, 'utm_source'),
      goal: 1.3,
    },
  }
}

const weekMs = 7 * dayMs
const weekCount = 8
const retentionQuestion: Question = {
  endpoint: 'retention',
  params: { ...births, ...id, born_event: 'Signed in', event: 'Purchase', unit: 'week', interval_count: weekCount },
  sql: `SELECT toMonday(fromUnixTimestamp64Milli(born)) AS week, count(),
  sumForEach(arrayMap(k -> has(weeks, k), range(${weekCount + 1}))) FROM (
SELECT minIf(toUnixTimestamp64Milli(time), event = 'Signed in' AND ${inDays(births)}) AS born,
  arrayMap(t -> intDiv(t - born, ${weekMs}), arrayFilter(t -> t > born,
    groupArrayIf(toUnixTimestamp64Milli(time), event = 'Purchase'))) AS weeks
FROM event WHERE ${ofProject} AND ${named(['Signed in', 'Purchase'])} AND ${inDays(births, 7 * (weekCount + 1))}
GROUP BY distinct_id HAVING born > 0) GROUP BY week ORDER BY week`,
  goal: 1.3,
}

/** What analysts ask against the SQL that somebody would write by hand for the same table. */
export const runQueryBench = async ({ eventCount, dataDir }: BenchOptions): Promise<void> => {
  const lethe = await startBenchServer({ dataDir })
  const engine = await openBareEngine(lethe.dataDir)
  try {
    await fillAnalytics(engine, { projectId: project.id, eventCount })
    note(`${eventCount} events; first look for duplicates ${await untilAnswered(lethe, project.id, dayAgo(1))} ms`)
    const questions = { ...segmentations, ...(await funnelQuestions(lethe)), 'retention, 8 weeks': retentionQuestion }
    for (const [name, question] of Object.entries(questions)) await compareWithSql(lethe, engine, name, question)
  } finally {
    engine.close()
    await lethe.stop()
  }
}

const compareWithSql = (
  lethe: Parameters<typeof ask>[0],
  engine: BareEngine,
  name: string,
  { endpoint, params, sql, goal }: Question,
): Promise<void> =>
  compare({
    name,
    ours: () => ask(lethe, endpoint, params),
    raw: () => engine.run(`${sql} FORMAT JSONCompact`),
    rawName: 'SQL by hand',
    goal,
    freeMs,
  })
