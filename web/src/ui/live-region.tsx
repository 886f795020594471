import { useSyncExternalStore } from 'react'

let said = ''
const listeners = new Set<() => void>()

/** Tells screen readers, without moving the focus. */
export const announce = (text: string): void => {
  // The same words twice are read twice only when something changes.
  said = said === text ? `${text}\u00a0` : text
  for (const listener of listeners) listener()
}

const listen = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const LiveRegion = () => (
  <div className="for-screen-readers" role="status" aria-live="polite">
    {useSyncExternalStore(listen, () => said)}
  </div>
)
