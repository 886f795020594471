import { PassThrough, Readable } from 'node:stream'
import { ZipFile } from 'yazl'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { PeopleReader } from '../domain/ports.ts'
import type { PrivacyTask } from '../domain/task.ts'
import type { IdList } from '../store/id-lists.ts'
import { collectNames, collectSources } from './disclosures.ts'
import { countedLines, splitLines } from './lines.ts'

export interface ArchiveInput {
  readonly task: PrivacyTask
  readonly scope: ProjectScope
  readonly list: IdList
  /** Null: everything. */
  readonly sinceMs: number | null
  readonly people: PeopleReader
  /** Told how many lines of a holder were read, now and then and at its end. */
  readonly onRead: (holder: 'events' | 'profiles', lineCount: number) => Promise<void>
  readonly nowMs: () => number
  readonly signal: AbortSignal
}

/**
 * PRIV-17: a plain zip, which every unzip opens, streamed as it is read. Files by disclosure type (privacy §1.8):
 * DATA: events.json (raw export lines), people.json and cohorts.json (uploads that name them); CATEGORIES: categories.json (names, no values);
 * SOURCES: sources.json (how the data was collected). Always last: manifest.json with what was asked and counted.
 */
export const buildArchive = (input: ArchiveInput): { readonly body: Readable } => {
  const zip = new ZipFile()
  const body = new PassThrough()
  // Who reads it is told in any case. Before somebody does, an error that nobody listens for would end the process.
  body.on('error', () => undefined)
  zip.on('error', (error) => body.destroy(error as Error))
  zip.outputStream.pipe(body)
  // The entries are read one after the other: the manifest holds the counts of those before it.
  fill(zip, input).catch((error) => body.destroy(error as Error))
  return { body }
}

const fill = async (zip: ZipFile, input: ArchiveInput): Promise<void> => {
  const ids = input.list.cluster_ids ?? input.list.distinct_ids
  const events = () => told(input, 'events', input.people.events(input.scope, ids, input.sinceMs, input.signal))
  const profiles = () => told(input, 'profiles', input.people.profiles(input.scope, ids, input.signal))
  const files: Record<string, number> = {}

  if (input.task.disclosureType === 'DATA') {
    files['events.json'] = await addLines(zip, 'events.json', events())
    files['people.json'] = await addLines(zip, 'people.json', profiles())
    const cohorts = input.people.cohorts(input.scope, ids, input.signal)
    files['cohorts.json'] = await addLines(zip, 'cohorts.json', cohorts)
  } else if (input.task.disclosureType === 'CATEGORIES') {
    const names = await collectNames(splitLines(events()), splitLines(profiles()))
    files['categories.json'] = names.event_names.length + names.profile_properties.length
    zip.addBuffer(pretty(names), 'categories.json')
  } else {
    const sources = await collectSources(splitLines(events()))
    files['sources.json'] = sources.length
    zip.addBuffer(pretty({ sources }), 'sources.json')
  }
  zip.addBuffer(pretty(manifest(input, ids, files)), 'manifest.json')
  zip.end()
}

/** Passes the chunks on and says how many lines there were. */
const told = async function* (
  { onRead }: ArchiveInput,
  holder: 'events' | 'profiles',
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const counted = countedLines(chunks)
  for await (const chunk of counted.chunks) {
    yield chunk
    await onRead(holder, counted.lineCount())
  }
}

const addLines = async (zip: ZipFile, name: string, chunks: AsyncIterable<Buffer>): Promise<number> => {
  const counted = countedLines(chunks)
  const stream = Readable.from(counted.chunks, { objectMode: false })
  const isRead = new Promise<void>((resolve, reject) => {
    stream.once('end', resolve)
    stream.once('error', reject)
  })
  zip.addReadStream(stream, name)
  await isRead
  return counted.lineCount()
}

const manifest = (input: ArchiveInput, ids: readonly string[], files: Readonly<Record<string, number>>) => ({
  tracking_id: input.task.trackingId,
  project_id: input.task.projectId,
  region: input.task.region,
  compliance_type: input.task.complianceType.toUpperCase(),
  disclosure_type: input.task.disclosureType,
  date_requested: input.task.dateRequested,
  created_at: new Date(input.nowMs()).toISOString(),
  period: {
    from: input.sinceMs === null ? null : new Date(input.sinceMs).toISOString(),
    to: new Date(input.nowMs()).toISOString(),
  },
  requested_distinct_ids: input.list.distinct_ids,
  distinct_ids: ids,
  records: files,
  nothing_held: Object.values(files).every((count) => count === 0),
})

const pretty = (value: object): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
