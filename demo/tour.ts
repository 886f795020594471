import type { Installation, Shop } from './installation.ts'
import type { Crowd, Subject } from './people.ts'
import type { Print } from './print.ts'
import { type PrivacyClient, privacyClient } from './privacy-client.ts'
import type { ServerProcess } from './server-process.ts'

/** Who takes part: the visitors of both shops, the one who will be erased, and one who changes their mind. */
export interface Cast {
  readonly us: Crowd
  readonly eu: Crowd
  readonly subject: Subject
}

/** What every step gets. */
export interface Tour {
  readonly print: Print
  readonly installation: Installation
  readonly server: ServerProcess
  readonly cast: Cast
  /** Of the EU shop. */
  readonly privacy: PrivacyClient
  readonly nowMs: number
}

/** Base URL of the host of the shop's region. */
export const hostOf = (tour: Tour, shop: Shop): string => tour.server.hostOf(shop.region)

export const privacyOf = (tour: Tour, shop: Shop): PrivacyClient =>
  privacyClient(hostOf(tour, shop), shop.token, tour.installation.gdprToken)

/** Every id of the subject, as it was sent and as it is stored. */
export const subjectIds = ({ cast }: Tour): readonly string[] => [
  cast.subject.userId,
  ...cast.subject.deviceIds.map((id) => `$device:${id}`),
]
