import { createHash } from 'node:crypto'
import { scanFolder } from '../server/test/support/raw-scan.ts'
import { basic, call } from './call.ts'
import { StepFailed } from './hold.ts'
import type { Shop } from './installation.ts'
import { type Crowd, dayMs } from './people.ts'
import { trackingIdOf } from './privacy-client.ts'
import { hostOf, privacyOf, subjectIds, type Tour } from './tour.ts'
import { linesOf, zipEntries } from './zip-entries.ts'

export interface Digest {
  readonly count: number
  /** SHA-256 over the sorted lines: equal only when every byte of every line is. */
  readonly sha256: string
}

/** What can be seen of the installation from outside, at one moment. */
export interface Figures {
  /** Export lines that hold any id of the subject, and those of them that came in under a device id. */
  readonly subjectLines: number
  readonly subjectDeviceLines: number
  /** Export lines of everybody else, by region. */
  readonly others: Readonly<Record<'US' | 'EU', Digest>>
  readonly otherProfiles: Readonly<Record<'US' | 'EU', Digest>>
}

const digest = (lines: readonly string[]): Digest => ({
  count: lines.length,
  sha256: createHash('sha256')
    .update([...lines].sort().join('\n'))
    .digest('hex'),
})

const day = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10)

// The crowd's past, and a day for events that fall into the day before.
const wholeDays = 61

/** Path and query of the raw export of the last days, of everything that the demo sent unless said otherwise. */
export const exportPath = (shop: Shop, nowMs: number, days = wholeDays): string =>
  `/api/2.0/export?project_id=${shop.id}&from_date=${day(nowMs - days * dayMs)}&to_date=${day(nowMs)}`

/** Lines of the raw export, asked with the service account. */
export const exportLines = async (
  tour: Tour,
  shop: Shop,
  path = exportPath(shop, tour.nowMs),
): Promise<readonly string[]> => {
  const { username, secret } = tour.installation.account
  const answer = await call('GET', `${hostOf(tour, shop)}${path}`, { headers: basic(username, secret) })
  if (answer.status !== 200) throw new StepFailed(`GET ${path}`, '200', `${answer.status} ${answer.text}`)
  return linesOf(answer.text)
}

/** Profiles have no export of their own in this release: a retrieval of everybody else gives them. */
const profilesOf = async (tour: Tour, shop: Shop, userIds: readonly string[]): Promise<readonly string[]> => {
  const privacy = privacyOf(tour, shop)
  const trackingId = trackingIdOf(await privacy.create('data-retrievals', { distinct_ids: userIds }))
  const { last } = await privacy.follow('data-retrievals', trackingId)
  if (last['status'] !== 'SUCCESS') throw new StepFailed('a retrieval of everybody', 'SUCCESS', String(last['status']))
  const archive = await call('GET', String(last['result']))
  return linesOf(zipEntries(archive.bytes).get('people.json')?.toString('utf8') ?? '')
}

export const takeFigures = async (tour: Tour): Promise<Figures> => {
  const { us, eu } = tour.installation
  const idsOf = ({ people }: Crowd): readonly string[] => people.map(({ userId }) => userId)
  const [usLines, euLines, usProfiles, euProfiles] = await Promise.all([
    exportLines(tour, us),
    exportLines(tour, eu),
    profilesOf(tour, us, idsOf(tour.cast.us)),
    profilesOf(tour, eu, idsOf(tour.cast.eu)),
  ])
  const ids = subjectIds(tour)
  const isSubject = (line: string): boolean => ids.some((id) => line.includes(id))
  const subjectLines = euLines.filter(isSubject)
  return {
    subjectLines: subjectLines.length,
    subjectDeviceLines: subjectLines.filter((line) => line.includes('"$distinct_id_before_identity":"$device:')).length,
    others: { US: digest(usLines), EU: digest(euLines.filter((line) => !isSubject(line))) },
    otherProfiles: { US: digest(usProfiles), EU: digest(euProfiles) },
  }
}

export interface BytesFound {
  readonly fileCount: number
  /** Files that hold any of the texts. */
  readonly files: readonly string[]
  /** Names of the texts that were found. */
  readonly names: readonly string[]
}

const scanLooks = 5

/**
 * Reads every file of the data folder: both engines, objects, the control database, as they are and decompressed.
 * A file that the engine is just writing cannot be decoded to its end; then the whole folder is read again.
 */
export const findBytes = async (dataDir: string, texts: Readonly<Record<string, string>>): Promise<BytesFound> => {
  for (let look = 1; ; look += 1) {
    const { fileCount, found, undecoded } = await scanFolder(dataDir, Object.values(texts))
    if (undecoded.length > 0 && look < scanLooks) continue
    if (undecoded.length > 0) {
      throw new StepFailed('every compressed file can be read', 'all decoded', undecoded.join(', '))
    }
    return {
      fileCount,
      files: [...new Set([...found.values()].flat())].sort(),
      names: Object.keys(texts).filter((name) => found.has(texts[name] ?? '')),
    }
  }
}
