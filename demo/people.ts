import { type Random, seeded } from './random.ts'

export interface ShopEvent {
  readonly event: string
  readonly properties: Readonly<Record<string, string | number | boolean>>
}

export interface Person {
  readonly userId: string
  readonly deviceIds: readonly [string, ...string[]]
  /** Until then the shop knows a device only. */
  readonly signUpAtMs: number
  readonly city: string
  readonly profile: Readonly<Record<string, string | number | boolean>>
}

export interface Crowd {
  readonly people: readonly Person[]
  /** For /import: from 60 to 4 days ago. */
  readonly history: readonly ShopEvent[]
  /** For the SDK: the last 4 days, because /track takes nothing older than 5. */
  readonly recent: readonly ShopEvent[]
}

export interface CrowdOptions {
  readonly seed: number
  readonly region: 'US' | 'EU'
  readonly peopleCount: number
  readonly historyCount: number
  readonly recentCount: number
  readonly nowMs: number
}

export const dayMs = 86_400_000
const historyDays = 60
const recentDays = 4
const hourMs = 3_600_000

const firstNames = [
  'Amara',
  'Bela',
  'Chiara',
  'Dov',
  'Elif',
  'Farid',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Kaya',
] as const
const cities = {
  US: ['Austin', 'Boston', 'Chicago', 'Denver', 'Portland'],
  EU: ['Berlin', 'Lyon', 'Porto', 'Turin', 'Utrecht'],
} as const
const categories = ['Books', 'Garden', 'Kitchen', 'Music', 'Toys'] as const
const sources = ['direct', 'newsletter', 'search', 'partner'] as const
const systems = ['Android', 'iOS', 'Linux', 'Mac OS X', 'Windows'] as const
// As often as they happen in a shop, more or less.
const eventNames = [
  'Page Viewed',
  'Page Viewed',
  'Page Viewed',
  'Product Viewed',
  'Product Viewed',
  'Searched',
  'Added to Cart',
  'Checkout Started',
  'Order Completed',
] as const

/** A shop's visitors and what they did: the same for the same seed, but for the times, which end now. */
export const makeCrowd = (options: CrowdOptions): Crowd => {
  const random = seeded(options.seed)
  const people = Array.from({ length: options.peopleCount }, (_, at) => makePerson(random, options, at))
  const eventsOf = (count: number, fromDaysAgo: number, toDaysAgo: number): readonly ShopEvent[] =>
    Array.from({ length: count }, () => {
      const person = people[random.below(people.length)] as Person
      const atMs = options.nowMs - toDaysAgo * dayMs - random.below((fromDaysAgo - toDaysAgo) * dayMs)
      return makeEvent(random, person, person.deviceIds[random.below(person.deviceIds.length)] as string, atMs)
    })
  return {
    people,
    history: eventsOf(options.historyCount, historyDays, recentDays),
    recent: eventsOf(options.recentCount, recentDays - 1, 0),
  }
}

const makePerson = (random: Random, { region, nowMs }: CrowdOptions, at: number): Person => {
  const name = random.pick(firstNames)
  const city = random.pick(cities[region])
  return {
    userId: `${region.toLowerCase()}-user-${String(at + 1).padStart(4, '0')}`,
    deviceIds: random.below(3) === 0 ? [random.uuid(), random.uuid()] : [random.uuid()],
    signUpAtMs: nowMs - random.below(historyDays * dayMs),
    city,
    profile: {
      $name: name,
      $email: `${name.toLowerCase()}.${at + 1}@example.test`,
      $city: city,
      plan: random.pick(['free', 'plus']),
    },
  }
}

const makeEvent = (random: Random, person: Person, deviceId: string, atMs: number): ShopEvent => {
  const isKnown = atMs >= person.signUpAtMs
  const event = random.pick(eventNames)
  const isMoney = event === 'Order Completed' || event === 'Added to Cart'
  return {
    event,
    properties: {
      time: Math.floor(atMs / 1_000),
      distinct_id: isKnown ? person.userId : `$device:${deviceId}`,
      $device_id: deviceId,
      ...(isKnown ? { $user_id: person.userId } : {}),
      $insert_id: random.hex(32),
      $os: random.pick(systems),
      $city: person.city,
      utm_source: random.pick(sources),
      category: random.pick(categories),
      product_id: `P-${1000 + random.below(400)}`,
      ...(isMoney ? { price: (500 + random.below(20_000)) / 100, quantity: 1 + random.below(4) } : {}),
    },
  }
}

/** The one who asks: two devices used before the account was known, a profile, and words that occur nowhere else. */
export interface Subject extends Person {
  readonly events: readonly ShopEvent[]
  /** The last few of them, for the SDK. */
  readonly recentEvents: readonly ShopEvent[]
  /** Every text that is about this person alone: nothing on disk may hold one of them afterwards. */
  readonly canaries: Readonly<Record<string, string>>
}

export const makeSubject = (seed: number, nowMs: number): Subject => {
  const random = seeded(seed)
  const [phone, laptop] = [random.uuid(), random.uuid()]
  const mark = random.hex(10)
  const email = `ada.${mark}@example.test`
  const signUpAtMs = nowMs - 20 * dayMs
  const person: Person = {
    userId: `eu-ada-${mark}`,
    deviceIds: [phone, laptop],
    signUpAtMs,
    city: 'Berlin',
    profile: { $name: 'Ada', $email: email, $phone: `+49-30-${mark}`, $city: 'Berlin', plan: 'plus' },
  }
  const on = (device: string, count: number, fromMs: number, toMs: number): readonly ShopEvent[] =>
    Array.from({ length: count }, () =>
      withEmail(makeEvent(random, person, device, fromMs + random.below(toMs - fromMs))),
    )
  const withEmail = ({ event, properties }: ShopEvent): ShopEvent => ({
    event,
    properties: properties['$user_id'] === undefined ? properties : { ...properties, receipt_email: email },
  })
  const startMs = nowMs - 50 * dayMs
  const untilMs = nowMs - recentDays * dayMs
  return {
    ...person,
    events: [
      ...on(phone, 90, startMs, signUpAtMs),
      ...on(laptop, 60, startMs, signUpAtMs),
      ...on(phone, 40, signUpAtMs, untilMs),
      ...on(laptop, 20, signUpAtMs, untilMs),
    ],
    recentEvents: on(phone, 10, nowMs - 2 * dayMs, nowMs - hourMs),
    canaries: {
      'user id': person.userId,
      'e-mail': email,
      phone: `+49-30-${mark}`,
      'device id 1': phone,
      'device id 2': laptop,
    },
  }
}
