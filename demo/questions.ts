import { basic, call } from './call.ts'
import { StepFailed } from './hold.ts'
import type { Shop } from './installation.ts'
import { dayMs, type ShopEvent } from './people.ts'
import { hostOf, type Tour } from './tour.ts'

/** What an analyst asks of a shop, over all that was sent. */
export interface Sales {
  readonly orders: number
  /** People, whatever ids they used. */
  readonly buyers: number
  /** Sum of `price` over all orders, in cents. */
  readonly cents: number
}

const orderEvent = 'Order Completed'

const day = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10)

/** One bucket for everything: a day more at both ends, because days are the shop's own. */
export const salesPath = ({ id }: Shop, nowMs: number, endpoint: string, more: string): string =>
  `/api/query/${endpoint}?project_id=${id}&event=${encodeURIComponent(orderEvent)}` +
  `&from_date=${day(nowMs - 62 * dayMs)}&to_date=${day(nowMs + dayMs)}${more}`

const ask = async <T>(tour: Tour, shop: Shop, endpoint: string, more: string): Promise<T> => {
  const { username, secret } = tour.installation.account
  const path = salesPath(shop, tour.nowMs, endpoint, more)
  const answer = await call('GET', `${hostOf(tour, shop)}${path}`, { headers: basic(username, secret) })
  if (answer.status !== 200) throw new StepFailed(`GET ${path}`, '200', `${answer.status} ${answer.text}`)
  return answer.json<T>()
}

interface Series {
  readonly data: { readonly values: Readonly<Record<string, Readonly<Record<string, number>>>> }
}
const total = (byDay: Readonly<Record<string, number>> | undefined): number =>
  Object.values(byDay ?? {}).reduce((sum, value) => sum + value, 0)

/** As the Query API says. */
export const askSales = async (tour: Tour, shop: Shop): Promise<Sales> => {
  const orders = await ask<Series>(tour, shop, 'segmentation', '&unit=month')
  const buyers = await ask<Series>(tour, shop, 'segmentation', '&type=unique&interval=90')
  const price = `&on=${encodeURIComponent('properties["price"]')}`
  const sums = await ask<{ readonly results: Readonly<Record<string, number>> }>(tour, shop, 'segmentation/sum', price)
  return {
    orders: total(orders.data.values[orderEvent]),
    buyers: total(buyers.data.values[orderEvent]),
    cents: Math.round(total(sums.results) * 100),
  }
}

/** The same by a plain loop over what was sent. A device is a person's once the two were seen together. */
export const countSales = (events: readonly ShopEvent[]): Sales => {
  const ownerOf = new Map<unknown, unknown>()
  for (const { properties } of events) {
    const user = properties['$user_id']
    if (user !== undefined && !ownerOf.has(properties['$device_id'])) ownerOf.set(properties['$device_id'], user)
  }
  const orders = events.filter(({ event }) => event === orderEvent)
  const buyerOf = ({ properties }: ShopEvent): unknown =>
    properties['$user_id'] ?? ownerOf.get(properties['$device_id']) ?? properties['distinct_id']
  return {
    orders: orders.length,
    buyers: new Set(orders.map(buyerOf)).size,
    cents: Math.round(orders.reduce((sum, { properties }) => sum + Number(properties['price']), 0) * 100),
  }
}
