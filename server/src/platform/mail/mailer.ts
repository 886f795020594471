/** A mail of the server: plain text, and at most one link to follow. */
export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
  /** Also in `text`. Null: nothing to follow. */
  readonly link: string | null
}

export interface Mailer {
  /** False: nothing leaves this machine, links are printed for whoever runs the server. */
  readonly isReal: boolean
  /** Resolves when the mail server has taken it. Throws EngineUnavailable. */
  send(mail: Mail): Promise<void>
  close(): void
}
