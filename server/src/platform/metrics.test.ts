import { expect, it } from 'vitest'
import { createMetrics } from './metrics.ts'

it('counts per registry and reads gauges when asked', async () => {
  const [one, other] = [createMetrics(), createMetrics()]
  let depth = 3
  one.addGauge('lethe_queue_rows', 'Rows waiting', () => depth)
  one.requestCount.inc({ surface: 'ingestion', status: '200' })
  depth = 5
  expect(await one.text()).toContain('lethe_queue_rows 5')
  expect(await one.text()).toContain('lethe_requests_total{surface="ingestion",status="200"} 1')
  expect(await other.text()).not.toContain('surface="ingestion"')
})
