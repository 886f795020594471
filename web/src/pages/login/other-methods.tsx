import type { ReactNode } from 'react'

export interface OtherMethodsProps {
  /** As typed; may be empty. */
  readonly email: string
  /** To be called when the session's cookie is set. */
  readonly onLoggedIn: () => void
}

/** Ways to log in beside the password and single sign-on, each a component of its own. */
const methods: readonly ((props: OtherMethodsProps) => ReactNode)[] = []

export const OtherMethods = (props: OtherMethodsProps) =>
  methods.map((Method, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
    <Method key={at} {...props} />
  ))
