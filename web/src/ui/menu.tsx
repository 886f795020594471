import './menu.css'
import { Menu as Base } from '@base-ui/react/menu'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'

export interface MenuEntry {
  readonly key: string
  readonly label: ReactNode
  /** Where it leads, or what it does. */
  readonly to?: string
  readonly onSelect?: () => void
}

export interface MenuGroup {
  readonly label?: string
  readonly entries: readonly MenuEntry[]
}

export interface MenuProps {
  readonly button: ReactNode
  /** Its name for screen readers, when what it shows is no text. */
  readonly label?: string
  readonly groups: readonly MenuGroup[]
  readonly className?: string
}

/** A button with a list of things to do or places to go. Arrow keys, first letters, Escape. */
export const Menu = ({ button, label, groups, className }: MenuProps) => {
  const navigate = useNavigate()
  const select = ({ to, onSelect }: MenuEntry) => {
    onSelect?.()
    if (to !== undefined) navigate({ to }).catch(() => undefined)
  }
  return (
    <Base.Root>
      <Base.Trigger className={className ?? 'button'} aria-label={label}>
        {button}
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className="menu-place" sideOffset={4} align="start">
          <Base.Popup className="menu">
            {groups.map((group) => (
              <Base.Group key={group.label ?? group.entries[0]?.key}>
                {group.label === undefined ? null : (
                  <Base.GroupLabel className="menu-label">{group.label}</Base.GroupLabel>
                )}
                {group.entries.map((entry) => (
                  <Base.Item key={entry.key} className="menu-item" onClick={() => select(entry)}>
                    {entry.label}
                  </Base.Item>
                ))}
              </Base.Group>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
