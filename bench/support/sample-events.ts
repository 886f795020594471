import { gzipSync } from 'node:zlib'

/** Small seeded generator (mulberry32): the same events in every run. */
const seeded = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const names = [
  'Page view',
  'Product viewed',
  'Added to cart',
  'Checkout started',
  'Purchase',
  'Search',
  'Signed in',
  'Review written',
]
const systems = ['Mac OS X', 'Windows', 'iOS', 'Android', 'Linux']
const browsers = ['Chrome', 'Safari', 'Firefox', 'Microsoft Edge']
const cities = ['Berlin', 'Paris', 'Zürich', 'New York', 'São Paulo', 'Tokyo', 'London', 'Madrid']
const plans = ['free', 'basic', 'pro', 'enterprise']

const eventOf = (random: () => number, timeMs: number, insertId: string): object => {
  const pick = (values: readonly string[]) => values[Math.floor(random() * values.length)]
  return {
    event: pick(names),
    properties: {
      time: timeMs,
      distinct_id: `user-${Math.floor(random() * 500_000)}`,
      $insert_id: insertId,
      $os: pick(systems),
      $browser: pick(browsers),
      $city: pick(cities),
      $current_url: `https://shop.example/products/${Math.floor(random() * 100_000)}?page=${Math.floor(random() * 9)}`,
      plan: pick(plans),
      price: Math.round(random() * 20_000) / 100,
      items: Math.floor(random() * 12),
    },
  }
}

const dayMs = 86_400_000

/** Batches as a backfill sends them: each holds a piece of one day, the days follow one another over the last month. */
export const ndjsonBatches = (batchCount: number, eventsPerBatch: number): readonly Buffer[] => {
  const random = seeded(20_261_123)
  const startMs = Date.now() - 30 * dayMs
  return Array.from({ length: batchCount }, (_, batch) => {
    const dayStartMs = startMs + Math.floor((batch * 29) / batchCount) * dayMs
    const lines = Array.from({ length: eventsPerBatch }, (_unused, at) =>
      JSON.stringify(eventOf(random, dayStartMs + Math.floor(random() * dayMs), `${batch}-${at}`)),
    )
    return gzipSync(`${lines.join('\n')}\n`)
  })
}

/** One event of this moment, as a browser sends it. */
export const trackBody = (token: string): string => {
  const { event, properties } = eventOf(seeded(7), Date.now(), 'unused') as { event: string; properties: object }
  const { $insert_id: _dropped, ...kept } = properties as Record<string, unknown>
  return JSON.stringify([{ event, properties: { token, ...kept, mp_lib: 'web', $lib_version: '2.83.0' } }])
}
