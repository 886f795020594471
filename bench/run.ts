import { chmod, mkdir } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runAnalystsBench } from './analysts.ts'
import { runDuplicatesBench } from './duplicates.ts'
import { runEngageBench } from './engage.ts'
import { runEraseBench } from './erase.ts'
import { runExportBench } from './export.ts'
import { runIdentityBench } from './identity.ts'
import { runImportBench } from './import.ts'
import { runProfilesBench } from './profiles.ts'
import { runQueryBench } from './query.ts'
import { runStartBench } from './start.ts'
import { runTrackBench } from './track.ts'

const helpText = `npm run bench [-- name …] [-- --events N] [-- --seconds N] [-- --data FOLDER]

  import   /import against the bare engine; memory of the server meanwhile
  track    /track against a bare Fastify route
  erase    hidden, erased and retrieved people against bare mutations (minutes)
  duplicates  queries that count a repeated event once against plain reads
  profiles updates by /engage against bare inserts of the same versions; memory of the server with many
  identity unique users when devices are linked to them, against the same without links
  query    segmentation, funnels and retention against SQL written by hand
  export   raw export of a month against the engine's own JSON
  engage   pages of profiles that meet a condition
  analysts eight of them while events come in, against an idle server
  start    a start on a folder that exists

  --events N    size of the project that is worked on (default 10000000)
  --seconds N   length of one load phase (default 5)
  --data FOLDER keeps the data of identity, query, export, engage and analysts there, and uses what a run before has left

Every line is a ratio against a baseline of the same run, or a time: goals are told, never enforced.
`

export interface BenchOptions {
  /** Events of the project that is worked on; people, profiles and links are in proportion. */
  readonly eventCount: number
  /** Length of one phase of load. */
  readonly phaseSeconds: number
  /** Where the data of a run is kept for the next one. Null: nowhere. */
  readonly dataDir: string | null
}

const benches: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  import: runImportBench,
  track: runTrackBench,
  duplicates: runDuplicatesBench,
  erase: runEraseBench,
  profiles: runProfilesBench,
  identity: runIdentityBench,
  query: runQueryBench,
  export: runExportBench,
  engage: runEngageBench,
  analysts: runAnalystsBench,
  start: runStartBench,
}

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${text} is not a whole number from 1 on`)
  return Number(text)
}

/** Open to the embedded Postgres, which runs as somebody else when this runs as root. */
const folderAt = async (path: string): Promise<string> => {
  const folder = resolve(path)
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o711)
  return folder
}

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      events: { type: 'string', default: '10000000' },
      seconds: { type: 'string', default: '5' },
      data: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) return console.log(helpText)
  const names = positionals.length === 0 ? Object.keys(benches) : positionals
  const unknown = names.filter((name) => !Object.hasOwn(benches, name))
  if (unknown.length > 0) throw new Error(`no such bench: ${unknown.join(', ')}\n\n${helpText}`)
  const options = {
    eventCount: wholeNumber(values.events),
    phaseSeconds: wholeNumber(values.seconds),
    dataDir: values.data === undefined ? null : await folderAt(values.data),
  }
  for (const name of names) {
    console.log(`# ${name} (load average ${loadavg()[0]?.toFixed(2)})`)
    await benches[name]?.(options)
  }
}

await main()
