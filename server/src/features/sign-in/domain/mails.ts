/** A mail without its reader. */
export interface MailText {
  readonly subject: string
  readonly text: string
  readonly link: string | null
}

const linkMail = (subject: string, before: string, link: string, after: string): MailText => ({
  subject,
  text: `${before}\n\n${link}\n\n${after}\n`,
  link,
})

export const magicLinkMail = (link: string, minutes: number): MailText =>
  linkMail(
    'Your link to sign in',
    'Follow this link to sign in:',
    link,
    `It works once, for ${minutes} minutes. If you did not ask for it, somebody typed your address: nothing happens unless you follow it.`,
  )

export const passwordResetMail = (link: string, minutes: number): MailText =>
  linkMail(
    'Set a new password',
    'Follow this link to set a new password:',
    link,
    `It works once, for ${minutes} minutes. If you did not ask for it, your password stays as it is.`,
  )

const noticeTexts = {
  'password.set': 'A password was set. Links to sign in are not sent any more.',
  'password.changed': 'Your password was changed.',
  'password.reset': 'Your password was reset by a mailed link.',
  'user.twofactor_enabled': 'A second factor was set up.',
  'user.twofactor_disabled': 'Your second factor was removed.',
  'user.twofactor_reset': 'An administrator of your organization removed your second factor.',
  'recovery_codes.created': 'New recovery codes were made. The old ones work no longer.',
  'recovery_codes.used': 'A recovery code was used to sign in.',
  'passkey.created': 'A passkey was added.',
  'passkey.deleted': 'A passkey was removed.',
} as const

export type Notice = keyof typeof noticeTexts

/** Told to the owner of an account when a way in changes, so that nobody else changes it unseen. */
export const noticeMail = (notice: Notice): MailText => ({
  subject: 'Your sign-in was changed',
  text: `${noticeTexts[notice]}\n\nIf this was not you: set a new password, end all sessions at /me/security, and tell an administrator.\n`,
  link: null,
})
