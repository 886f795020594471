/** The ids as sent with an event; null: not sent, or sent empty where that says nothing. */
export interface SentIds {
  readonly deviceId: string | null
  readonly userId: string | null
  /** `` is a statement: this event belongs to nobody. */
  readonly distinctId: string | null
}

/** `from` belongs to `to` from now on, and for all its past events (identity §3.2). */
export interface IdentityLink {
  readonly from: string
  readonly to: string
}

export interface ResolvedIds {
  readonly deviceId: string | null
  readonly userId: string | null
  /** What the event is stored under; null: nothing was sent, the surface decides. */
  readonly distinctId: string | null
  readonly link: IdentityLink | null
}

const devicePrefix = '$device:'

/** Identity §3.1: who an event belongs to on arrival in simplified mode, and the link that it makes. */
export const resolveSimplified = (sent: SentIds): ResolvedIds => {
  const { distinctId } = sent
  const isDevice = distinctId?.startsWith(devicePrefix) === true
  const deviceId = unprefixed(sent.deviceId) ?? (isDevice ? unprefixed(distinctId) : null)
  const userId = sent.userId ?? (isDevice || distinctId === '' || distinctId === deviceId ? null : distinctId)
  if (userId !== null) {
    const link = deviceId === null ? null : { from: devicePrefix + deviceId, to: userId }
    return { deviceId, userId, distinctId: userId, link }
  }
  return { deviceId, userId, distinctId: deviceId === null ? distinctId : devicePrefix + deviceId, link: null }
}

/** A device id that already carries the prefix is not prefixed twice; the prefix alone names no device. */
const unprefixed = (id: string | null): string | null => {
  const bare = id?.startsWith(devicePrefix) ? id.slice(devicePrefix.length) : id
  return bare === '' ? null : bare
}

/** Original and legacy mode, in this release: events keep the id they were sent with, and no links are made. */
export const resolveAsSent = (sent: SentIds): ResolvedIds => ({ ...sent, link: null })
