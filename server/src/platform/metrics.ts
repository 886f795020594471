import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export interface Metrics {
  readonly requestCount: Counter<'surface' | 'status'>
  readonly requestSeconds: Histogram<'surface'>
  /** What became of records sent in; reasons are closed unions. */
  readonly recordCount: Counter<'surface' | 'outcome' | 'reason'>
  /** Another counter. Labels must be few and never personal. */
  addCounter<Label extends string>(name: string, help: string, labels: readonly Label[]): Counter<Label>
  /** A value that is read when somebody asks. */
  addGauge(name: string, help: string, read: () => number): void
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>
}

/** A registry of its own per server, so that two in one process do not count together. Names begin with `lethe_`. */
export const createMetrics = (): Metrics => {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  return {
    requestCount: new Counter({
      name: 'lethe_requests_total',
      help: 'Requests answered',
      labelNames: ['surface', 'status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'lethe_request_seconds',
      help: 'Time from the first byte of a request to its reply',
      labelNames: ['surface'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    recordCount: new Counter({
      name: 'lethe_records_total',
      help: 'Records accepted, dropped and rejected',
      labelNames: ['surface', 'outcome', 'reason'],
      registers,
    }),
    addCounter: (name, help, labelNames) => new Counter({ name, help, labelNames: [...labelNames], registers }),
    addGauge(name, help, read) {
      const gauge: Gauge = new Gauge({
        name,
        help,
        registers,
        collect: (): void => gauge.set(read()),
      })
    },
    text: () => registry.metrics(),
  }
}
