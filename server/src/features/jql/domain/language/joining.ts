import type { JoinSource } from './sources.ts'
import type { Stage } from './stages.ts'
import type { Item } from './values.ts'

/**
 * A line of a join: of whom, and the record. People come in order; of each first the profile, if any, then the events
 * by time. An event without its record was left out by the selectors of the join, but is there.
 */
export type JoinLine =
  | readonly ['user', id: string, user: Item, isWanted: boolean]
  | readonly ['event', id: string, event?: Item]

interface Person {
  readonly id: string
  readonly user: Item
  /** By itself, without an event, it satisfies the selectors of the join. */
  readonly isWanted: boolean
  hasEvents: boolean
}

/** Puts the records of the two sources together; holds one person at a time. */
export const joining =
  (type: JoinSource['type']): Stage =>
  (next) => {
    const keepsUsers = type === 'full' || type === 'right'
    const keepsEvents = type === 'full' || type === 'left'
    let person: Person | null = null
    const leave = (): void => {
      if (person !== null && keepsUsers && person.isWanted && !person.hasEvents) {
        next.push({ distinct_id: person.id, user: person.user })
      }
      person = null
    }
    return {
      push: (item) => {
        const line = item as JoinLine
        if (line[0] === 'user') {
          leave()
          person = { id: line[1], user: line[2], isWanted: line[3], hasEvents: false }
          return
        }
        const [, id, event] = line
        if (person !== null && person.id !== id) leave()
        if (person !== null) person.hasEvents = true
        if (event === undefined || event === null) return
        if (person !== null) next.push({ distinct_id: id, event, user: person.user })
        else if (keepsEvents) next.push(id === '' ? { event } : { distinct_id: id, event })
      },
      end: () => {
        leave()
        next.end()
      },
    }
  }
