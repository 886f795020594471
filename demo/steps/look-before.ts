import { holdEqual, holdTrue } from '../hold.ts'
import { type BytesFound, exportPath, type Figures, findBytes, takeFigures } from '../measure.ts'
import { count } from '../print.ts'
import { hostOf, type Tour } from '../tour.ts'

export interface Seen {
  readonly figures: Figures
  readonly bytes: BytesFound
}

/** Counts and hashes everything there is, from outside, before anybody is erased. `stray` was refused: it is nowhere. */
export const lookBefore = async (tour: Tour, stray: string): Promise<Seen> => {
  const { print, installation, cast, server } = tour
  print.step('Look at everything from outside')
  const figures = await takeFigures(tour)
  for (const shop of [installation.us, installation.eu]) {
    const { others } = figures
    print.asked(`GET ${hostOf(tour, shop)}${exportPath(shop, tour.nowMs)}`)
    print.got(
      `${count(others[shop.region].count)} lines of everybody else, sha256 ${others[shop.region].sha256.slice(0, 16)}`,
    )
  }
  const { us, eu, subject } = cast
  const sent = { US: us.history.length + us.recent.length, EU: eu.history.length + eu.recent.length }
  const ownCount = subject.events.length + subject.recentEvents.length
  holdEqual(print, 'US export: every event that was sent', figures.others.US.count, sent.US)
  holdEqual(print, 'EU export: every event that was sent', figures.others.EU.count, sent.EU)
  holdEqual(print, 'EU export: every event of the one who will ask', figures.subjectLines, ownCount)
  const deviceCount = subject.events.filter(({ properties }) => properties['$user_id'] === undefined).length
  holdEqual(print, 'among them those of the devices, now under the user id', figures.subjectDeviceLines, deviceCount)
  holdEqual(
    print,
    'profiles of everybody else',
    [figures.otherProfiles.US.count, figures.otherProfiles.EU.count],
    [us.people.length, eu.people.length],
  )

  const bytes = await findBytes(server.dataDir, { ...subject.canaries, stray })
  print.asked(`read all ${bytes.fileCount} files of ${server.dataDir}, decompressed`)
  print.got(`${bytes.names.join(', ')} in ${bytes.files.length} files`)
  holdEqual(
    print,
    'the search finds every text of the person, and nothing of what was refused',
    bytes.names,
    Object.keys(subject.canaries),
  )
  const isOnlyEu = bytes.files.every((file) => file.startsWith('eu/'))
  holdTrue(
    print,
    'all of them in the folder of the EU, none in the US or the control database',
    isOnlyEu,
    'eu/…',
    bytes.files,
  )
  holdEqual(print, 'nor is any of the refused in what the server printed', server.logs().includes(stray), false)
  return { figures, bytes }
}
