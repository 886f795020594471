import './organizations.css'
import type { SentInvitation } from '../../api/members.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Note } from '../../ui/note.tsx'

const linkOf = (token: string): string => `${window.location.origin}/invitation?token=${token}`

/** Those that were mailed, and the links of those that were not: to be handed on, shown this once. */
export const SentLinks = ({ sent }: { readonly sent: readonly SentInvitation[] }) => {
  if (sent.length === 0) return null
  const mailed = sent.filter((one) => one.mailed)
  const links = sent.flatMap(({ email, token }) => (token === undefined ? [] : [{ email, link: linkOf(token) }]))
  return (
    <Note tone="good" title={links.length === 0 ? 'Mailed' : 'Hand on these links: they are shown this once'}>
      {mailed.length === 0 ? null : <span>{mailed.map(({ email }) => email).join(', ')}</span>}
      {links.map(({ email, link }) => (
        <div className="row" key={email}>
          <span>{email}</span>
          <code className="breakable">{link}</code>
          <CopyButton text={link} what={`link for ${email}`} size="small" />
        </div>
      ))}
    </Note>
  )
}
