import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { runDuplicatesBench } from './duplicates.ts'
import { runEraseBench } from './erase.ts'
import { runImportBench } from './import.ts'
import { runStartBench } from './start.ts'
import { runTrackBench } from './track.ts'

const helpText = `npm run bench [-- name …] [-- --events N] [-- --seconds N]

  import   /import against the bare engine; memory of the server meanwhile
  track    /track against a bare Fastify route
  erase    hidden, erased and retrieved people against bare mutations (minutes)
  duplicates  queries that count a repeated event once against plain reads
  start    a start on a folder that exists

  --events N    events that erase works on (default 10000000)
  --seconds N   length of one load phase (default 5)

Every line is a ratio against a baseline of the same run, or a time: goals are told, never enforced.
`

export interface BenchOptions {
  /** Rows of the table that people are erased from. */
  readonly eventCount: number
  /** Length of one phase of load. */
  readonly phaseSeconds: number
}

const benches: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  import: runImportBench,
  track: runTrackBench,
  duplicates: runDuplicatesBench,
  erase: runEraseBench,
  start: runStartBench,
}

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${text} is not a whole number from 1 on`)
  return Number(text)
}

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      events: { type: 'string', default: '10000000' },
      seconds: { type: 'string', default: '5' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) return console.log(helpText)
  const names = positionals.length === 0 ? Object.keys(benches) : positionals
  const unknown = names.filter((name) => !Object.hasOwn(benches, name))
  if (unknown.length > 0) throw new Error(`no such bench: ${unknown.join(', ')}\n\n${helpText}`)
  const options = { eventCount: wholeNumber(values.events), phaseSeconds: wholeNumber(values.seconds) }
  for (const name of names) {
    console.log(`# ${name} (load average ${loadavg()[0]?.toFixed(2)})`)
    await benches[name]?.(options)
  }
}

await main()
