import './button.css'
import { Link } from '@tanstack/react-router'
import type { ComponentProps, ReactNode } from 'react'

/** `main`: the one thing to do here. `danger`: takes something away. `quiet`: beside others. */
export type ButtonKind = 'main' | 'danger' | 'quiet' | 'plain'

interface Look {
  readonly kind?: ButtonKind
  readonly size?: 'small' | 'usual'
}

/** A verb. While `isBusy` it says so and takes no second press; it keeps the focus. */
export const Button = ({
  kind = 'plain',
  size = 'usual',
  isBusy = false,
  type = 'button',
  onClick,
  children,
  ...rest
}: ComponentProps<'button'> & Look & { readonly isBusy?: boolean }) => (
  <button
    {...rest}
    type={type}
    className="button"
    data-kind={kind}
    data-size={size}
    aria-disabled={isBusy || undefined}
    onClick={isBusy ? (event) => event.preventDefault() : onClick}
  >
    {children}
    {isBusy ? <span aria-hidden="true">…</span> : null}
  </button>
)

/** A page that looks like a button: it goes somewhere and changes nothing. */
export const ButtonLink = ({
  to,
  kind = 'plain',
  size = 'usual',
  children,
}: Look & { readonly to: string; readonly children: ReactNode }) => (
  <Link to={to} className="button" data-kind={kind} data-size={size}>
    {children}
  </Link>
)
