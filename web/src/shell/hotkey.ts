import { useEffect } from 'react'

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** `/` while nothing is typed into; `ctrl+k` (⌘K) always. */
export const useHotkey = (keys: '/' | 'ctrl+k', onPress: () => void): void => {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const isIt =
        keys === '/'
          ? event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)
          : event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)
      if (!isIt) return
      event.preventDefault()
      onPress()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [keys, onPress])
}
