import type { Mailer } from './mailer.ts'

/**
 * Without a mail server: the link, and what it is for, go to whoever started the server. Nothing else of a mail, and never
 * to the log: a console is read by one who may, logs are kept and copied.
 */
export const createConsoleMailer = (print: (line: string) => void): Mailer => ({
  isReal: false,
  send: async ({ subject, link }) => {
    if (link !== null) print(`mail "${subject}": ${link}`)
  },
  close: () => undefined,
})
