import { Dialog } from '@base-ui/react/dialog'
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useId, useState } from 'react'
import '../ui/dialog.css'
import '../ui/field.css'
import type { Me } from '../api/session.ts'
import { type Command, commandsOf, matching } from './commands.ts'
import type { Place } from './place.ts'

export interface CommandMenuProps {
  readonly me: Me
  readonly place: Place
  readonly isOpen: boolean
  readonly setOpen: (isOpen: boolean) => void
}

/** `/` and Ctrl K: go anywhere by typing. */
export const CommandMenu = ({ me, place, isOpen, setOpen }: CommandMenuProps) => (
  <Dialog.Root open={isOpen} onOpenChange={setOpen}>
    <Dialog.Portal>
      <Dialog.Backdrop className="dialog-backdrop" />
      <Dialog.Popup className="dialog commands" aria-label="Search and commands">
        <Chooser commands={commandsOf(me, place)} onDone={() => setOpen(false)} />
      </Dialog.Popup>
    </Dialog.Portal>
  </Dialog.Root>
)

const Chooser = ({ commands, onDone }: { readonly commands: readonly Command[]; readonly onDone: () => void }) => {
  const id = useId()
  const navigate = useNavigate()
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const found = matching(commands, typed)
  const choose = (command: Command | undefined) => {
    if (command === undefined) return
    onDone()
    command.run?.()
    if (command.to !== undefined) navigate({ to: command.to }).catch(() => undefined)
  }
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && found.length > 0) setAt((at + step + found.length) % found.length)
    else if (event.key === 'Enter') choose(found[at])
    else return
    event.preventDefault()
  }
  return (
    <>
      <input
        className="input"
        role="combobox"
        aria-label="Search pages, projects and commands"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found[at] === undefined ? undefined : `${id}-${at}`}
        aria-autocomplete="list"
        placeholder="Go to a page or project, or do something"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value)
          setAt(0)
        }}
        onKeyDown={onKey}
      />
      <div className="commands-list" id={`${id}-list`} role="listbox" aria-label="Found">
        {found.map((command, place) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the input keeps the focus and names the active one
          // biome-ignore lint/a11y/useKeyWithClickEvents: Enter is heard by the input
          <div
            key={command.key}
            id={`${id}-${place}`}
            className="commands-item"
            role="option"
            aria-selected={place === at}
            onClick={() => choose(command)}
          >
            <span>{command.label}</span>
            <span className="muted">{command.hint}</span>
          </div>
        ))}
      </div>
      {found.length === 0 ? <p className="muted">Nothing is called so.</p> : null}
    </>
  )
}
