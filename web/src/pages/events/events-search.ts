import { filtersIn, listIn, type PropertyFilter } from '../../filters/property-filter.ts'

/** What the page shows, as its link says it. */
export interface EventsSearch {
  readonly event?: readonly string[]
  readonly filter?: readonly PropertyFilter[]
  /** Any id of a person. */
  readonly id?: string
  readonly columns?: readonly string[]
  /** `paused`: nothing comes by itself. */
  readonly live?: 'paused'
  /** The event that is open. */
  readonly open?: string
}

const some = <Name extends string, Item>(name: Name, items: readonly Item[]) =>
  items.length === 0 ? {} : ({ [name]: items } as { readonly [key in Name]: readonly Item[] })
const textIn = <Name extends string>(name: Name, sent: unknown) =>
  typeof sent === 'string' || typeof sent === 'number'
    ? ({ [name]: String(sent) } as { readonly [key in Name]: string })
    : {}

export const eventsSearch = (sent: Readonly<Record<string, unknown>>): EventsSearch => ({
  ...some('event', listIn(sent['event'])),
  ...some('filter', filtersIn(sent['filter'])),
  ...textIn('id', sent['id']),
  ...some('columns', listIn(sent['columns'])),
  ...(sent['live'] === 'paused' ? { live: 'paused' as const } : {}),
  ...textIn('open', sent['open']),
})
