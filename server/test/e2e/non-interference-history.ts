import { randomOf } from '../fault/fault-rig.ts'

/** What one client does once. `device` and `user` as an SDK sends them: with both, the device becomes the user's. */
export type Step =
  | { readonly kind: 'track' | 'import'; readonly device?: string; readonly user?: string; readonly properties: object }
  | { readonly kind: 'engage'; readonly user: string; readonly operation: object }

/** A random life of a few people who share some devices, one of whom, `erasedUser`, is erased in its middle. */
export interface History {
  readonly seed: number
  readonly erasedUser: string
  /** What the deletion names: the user, or a device of theirs. */
  readonly named: string
  readonly before: readonly Step[]
  readonly after: readonly Step[]
  /** Whose step it is once `before` has happened: the user, or the device of nobody. */
  ownerOf(step: Step): string
  /** All ids of everybody else that can own anything. */
  readonly otherIds: readonly string[]
}

const dayMs = 86_400_000
const userCount = 4
const deviceCount = 6

/** Every id carries `prefix`, so that many histories fit into one project. The same seed gives the same history. */
export const historyOf = (seed: number, prefix: string, nowMs: number): History => {
  const random = randomOf(seed)
  const upTo = (count: number) => Math.floor(random() * count)
  const pick = <T>(list: readonly T[]): T => list[upTo(list.length)] as T
  const users = Array.from({ length: userCount }, (_, index) => `${prefix}-user-${index}`)
  const devices = Array.from({ length: deviceCount }, (_, index) => `${prefix}-device-${index}`)
  const erasedUser = users[0] as string
  let stepCount = 0

  const eventStep = (who: { readonly device?: string; readonly user?: string }): Step => {
    stepCount += 1
    const isImport = who.device === undefined && random() < 0.6
    return {
      kind: isImport ? 'import' : 'track',
      ...who,
      properties: {
        // `/track` takes the last five days only.
        time: nowMs - upTo(isImport ? 700 : 5) * dayMs - upTo(1_000),
        $insert_id: `${prefix}-${stepCount}`,
        [pick(['price', 'plan', 'sëarch', 'a.b'])]: pick([1.5, 'x', null, [1, 'y'], { deep: true }, 12_345_678_901]),
      },
    }
  }
  const operations = (): object =>
    pick([
      { $set: { plan: pick(['free', 'pro']) } },
      { $set_once: { first: upTo(9) } },
      { $add: { visits: 1 + upTo(5) } },
      { $union: { tags: [pick(['a', 'b', 'c'])] } },
      { $append: { log: upTo(9) } },
      { $unset: ['first'] },
      { $delete: '' },
    ])
  const anyStep = (freeDevices: readonly string[], erasedDevices: readonly string[]): Step => {
    const chance = random()
    if (chance < 0.25) return { kind: 'engage', user: pick(users), operation: operations() }
    if (chance < 0.5 && freeDevices.length > 0) return eventStep({ device: pick(freeDevices) })
    const user = pick(users)
    const shared = user === erasedUser ? erasedDevices : devices
    return chance < 0.75 && shared.length > 0 ? eventStep({ device: pick(shared), user }) : eventStep({ user })
  }

  const before = Array.from({ length: 10 + upTo(15) }, () => anyStep(devices, devices))
  // The first user of a device keeps it (identity §3.2).
  const userOf = new Map<string, string>()
  const touched = new Set<string>()
  for (const step of before) {
    if (step.kind === 'engage' || step.device === undefined || step.user === undefined) continue
    if (!userOf.has(step.device)) userOf.set(step.device, step.user)
    if (step.user === erasedUser) touched.add(step.device)
  }
  // Whom a device belongs to afterwards depends on the person who was there: an empty one starts anew, on purpose.
  const freeDevices = devices.filter((device) => !touched.has(device) && userOf.get(device) !== erasedUser)
  const after = Array.from({ length: 3 + upTo(6) }, () => anyStep(freeDevices, [...touched]))
  const ownDevices = devices.filter((device) => userOf.get(device) === erasedUser)

  return {
    seed,
    erasedUser,
    named: ownDevices.length > 0 && random() < 0.4 ? `$device:${pick(ownDevices)}` : erasedUser,
    before,
    after,
    ownerOf: (step) => {
      if (step.user !== undefined) return step.user
      const device = step.kind === 'engage' ? '' : (step.device ?? '')
      return userOf.get(device) ?? `$device:${device}`
    },
    otherIds: [...users.slice(1), ...devices.map((device) => `$device:${device}`)],
  }
}
