import { holdEqual } from '../hold.ts'
import { type Digest, findBytes, takeFigures } from '../measure.ts'
import { count } from '../print.ts'
import { askSales, countSales, type Sales } from '../questions.ts'
import { subjectIds, type Tour } from '../tour.ts'
import { describeSales } from './ask-questions.ts'
import { erase } from './erase-person.ts'
import type { Seen } from './look-before.ts'
import { retrieve } from './retrieve-person.ts'

type Answered = Readonly<Record<'US' | 'EU', Sales>>

/** The same look as before: nothing of the person, and everybody else to the byte as they were. */
export const lookAfter = async (tour: Tour, before: Seen & { readonly sales: Answered }): Promise<void> => {
  const { print, cast, server } = tour
  print.step('Look again: nothing of the person, nobody else changed')
  const bytes = await findBytes(server.dataDir, cast.subject.canaries)
  const figures = await takeFigures(tour)
  const old = before.figures
  print.table(
    ['', 'before', 'after'],
    [
      row('the person: export lines', old.subjectLines, figures.subjectLines),
      row('  of these under a device id', old.subjectDeviceLines, figures.subjectDeviceLines),
      row('  texts found in the bytes on disk', before.bytes.names.length, bytes.names.length),
      row('  files that hold one', before.bytes.files.length, bytes.files.length),
      ...(['EU', 'US'] as const).flatMap((region) => [
        ...rows(`everybody else, ${region}: export lines`, old.others[region], figures.others[region]),
        ...rows(`everybody else, ${region}: profiles`, old.otherProfiles[region], figures.otherProfiles[region]),
      ]),
    ],
  )
  holdEqual(
    print,
    'no export line holds an id of the person',
    [figures.subjectLines, figures.subjectDeviceLines],
    [0, 0],
  )
  holdEqual(
    print,
    `none of the ${bytes.fileCount} files of the data folder holds a text of the person`,
    bytes.files,
    [],
  )
  holdEqual(print, 'events of everybody else: same lines, same hash', figures.others, old.others)
  holdEqual(print, 'profiles of everybody else: same lines, same hash', figures.otherProfiles, old.otherProfiles)
  await lookAtSales(tour, before.sales)
  print.note(
    'Read: engine files decompressed (also retired and temporary ones), objects, zips, file names, the control',
  )
  print.note('database and its log as plain bytes. Not read: memory, and blocks that the file system has freed.')

  const known = subjectIds(tour)
  const { entries } = await retrieve(tour, { distinct_ids: known, compliance_type: 'GDPR' })
  const manifest = JSON.parse(entries.get('manifest.json')?.toString('utf8') ?? '{}') as { nothing_held?: boolean }
  holdEqual(print, 'a retrieval by every id of the person says that nothing is held', manifest.nothing_held, true)
  print.note('That request itself names the person now. Erasing again takes it along:')
  const again = await erase(tour, known)
  holdEqual(
    print,
    'to erase twice is no error; none of the ids was known any more',
    again.evidence.ids_unknown,
    known.length,
  )
  const last = await findBytes(server.dataDir, cast.subject.canaries)
  holdEqual(print, `again no text of the person in any of the ${last.fileCount} files`, last.files, [])
  const isLogged = Object.values(cast.subject.canaries).some((text) => server.logs().includes(text))
  holdEqual(print, 'nor in what the server printed', isLogged, false)
}

/** The answers of analysts: without the person, and otherwise as before. */
const lookAtSales = async (tour: Tour, before: Answered): Promise<void> => {
  const { print, installation, cast } = tour
  const own = countSales([...cast.subject.events, ...cast.subject.recentEvents])
  const without = (sales: Sales): Sales => ({
    orders: sales.orders - own.orders,
    buyers: sales.buyers - own.buyers,
    cents: sales.cents - own.cents,
  })
  const now = { US: await askSales(tour, installation.us), EU: await askSales(tour, installation.eu) }
  print.got(`now in the EU: ${describeSales(now.EU)}`)
  holdEqual(print, 'the answers of the analyst: less by just what the person did', now, {
    US: before.US,
    EU: without(before.EU),
  })
}

const row = (what: string, before: number, after: number): readonly string[] => [what, count(before), count(after)]

const rows = (what: string, before: Digest, after: Digest): readonly (readonly string[])[] => [
  row(what, before.count, after.count),
  ['  sha256 of the sorted lines', before.sha256.slice(0, 16), after.sha256.slice(0, 16)],
]
