import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { logOut, type Me } from '../api/session.ts'
import icon from '../icon.svg'
import { pathTo } from '../page-paths.ts'
import { RegionBadge } from '../ui/badge.tsx'
import { Menu } from '../ui/menu.tsx'
import { useHotkey } from './hotkey.ts'
import type { Place } from './place.ts'
import { myEntries } from './rail-entries.ts'
import { chooseTheme } from './theme.ts'

export interface TopBarProps {
  readonly me: Me
  readonly place: Place
  readonly isRailOpen: boolean
  readonly onRail: () => void
  readonly onCommands: () => void
}

/** Search and commands, the project's time zone, the member. */
export const TopBar = ({ me, place, isRailOpen, onRail, onCommands }: TopBarProps) => {
  useHotkey('/', onCommands)
  useHotkey('ctrl+k', onCommands)
  return (
    <header className="top">
      <button
        type="button"
        className="button rail-button"
        data-kind="quiet"
        aria-expanded={isRailOpen}
        aria-controls="rail"
        aria-label="Pages"
        onClick={onRail}
      >
        <span aria-hidden="true">☰</span>
      </button>
      <Link to={pathTo('home')} search={{}} className="brand" aria-label="Lethe, home">
        <img src={icon} alt="" width={22} height={22} />
        <span>Lethe</span>
      </Link>
      <div className="top-space" />
      {place.project === null ? null : (
        <>
          <span className="top-region">
            <RegionBadge region={place.project.region} />
          </span>
          <span className="top-zone" title="Days and hours of this project are of this time zone">
            {place.project.timezone}
          </span>
        </>
      )}
      <button type="button" className="button search-button" data-size="small" onClick={onCommands}>
        Search <kbd>/</kbd>
      </button>
      <PersonMenu me={me} />
    </header>
  )
}

const PersonMenu = ({ me }: { readonly me: Me }) => {
  const client = useQueryClient()
  const leave = () => {
    const end = () => {
      client.clear()
      window.location.assign('/login')
    }
    logOut().then(end, end)
  }
  return (
    <Menu
      label={`${me.user_email}: your account`}
      className="button"
      button={<span aria-hidden="true">{me.user_email.charAt(0).toUpperCase()}</span>}
      groups={[
        {
          label: me.user_email,
          entries: myEntries.map(({ label, to }) => ({ key: to, label, to })),
        },
        {
          label: 'Theme',
          entries: [
            { key: 'system', label: 'As the system', onSelect: () => chooseTheme('system') },
            { key: 'light', label: 'Light', onSelect: () => chooseTheme('light') },
            { key: 'dark', label: 'Dark', onSelect: () => chooseTheme('dark') },
          ],
        },
        { entries: [{ key: 'leave', label: 'Log out', onSelect: leave }] },
      ]}
    />
  )
}
