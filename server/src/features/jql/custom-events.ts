import { InvalidRequest } from '../../kernel/errors.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { Request } from './domain/language/session.ts'
import type { EventSelector, Source } from './domain/language/sources.ts'
import { LimitExceeded } from './errors.ts'

/** What a custom event is made of; null when the project has none of that id. */
export type FindCustomEvent = (
  scope: ProjectScope,
  id: number,
) => Promise<{ readonly events: readonly { readonly event: string; readonly where?: string | undefined }[] } | null>

const custom = /^\$custom_event:([1-9]\d{0,9})$/
// Each is a condition in one statement of the engine; a custom event stands for up to 25.
const selectorCountMax = 1_000

/** The same request where the parts of custom events stand for them. Throws InvalidRequest for one that is not there. */
export const withCustomEvents = async (
  find: FindCustomEvent,
  scope: ProjectScope,
  request: Request,
): Promise<Request> => {
  const partsOf = async (selector: EventSelector): Promise<readonly EventSelector[]> => {
    const id = custom.exec(selector.event ?? '')?.[1]
    if (id === undefined) return [selector]
    const found = await find(scope, Number(id))
    if (found === null) throw new InvalidRequest(`the project has no custom event ${id}`)
    return found.events.map(({ event, where }) => {
      const filters = [where, selector.selector].filter((text) => text !== undefined)
      // Either may be of another type, which is never true.
      const both = filters.length === 2 ? filters.map((text) => `(${text}) == true`).join(' and ') : filters[0]
      return { ...selector, event, ...(both === undefined ? {} : { selector: both }) }
    })
  }
  const expanded = async (selectors: readonly EventSelector[]): Promise<readonly EventSelector[]> => {
    const parts = (await Promise.all(selectors.map(partsOf))).flat()
    if (parts.length > selectorCountMax) throw new LimitExceeded('a source names too many custom events')
    return parts
  }
  const sourceOf = async (source: Source): Promise<Source> => {
    if (source.kind === 'people') return source
    if (source.kind === 'events') return { ...source, selectors: await expanded(source.selectors) }
    const events = { ...source.events, selectors: await expanded(source.events.selectors) }
    return { ...source, events, selectors: await expanded(source.selectors) }
  }
  return { ...request, source: await sourceOf(request.source) }
}
