import './dialog.css'
import { Dialog as Base } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'

export interface DialogProps {
  readonly title: string
  readonly description?: ReactNode
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly children?: ReactNode
  /** Buttons, the safe one first. */
  readonly buttons?: ReactNode
}

/** Keeps the focus inside and gives it back; Escape closes it. */
export const Dialog = ({ title, description, isOpen, onClose, children, buttons }: DialogProps) => (
  <Base.Root open={isOpen} onOpenChange={(open) => (open ? undefined : onClose())}>
    <Base.Portal>
      <Base.Backdrop className="dialog-backdrop" />
      <Base.Popup className="dialog">
        <Base.Title>{title}</Base.Title>
        {description === undefined ? null : <Base.Description>{description}</Base.Description>}
        {children}
        {buttons === undefined ? null : <div className="dialog-buttons">{buttons}</div>}
      </Base.Popup>
    </Base.Portal>
  </Base.Root>
)
