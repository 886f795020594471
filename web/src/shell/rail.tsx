import { Link } from '@tanstack/react-router'
import type { Me } from '../api/session.ts'
import type { Place } from './place.ts'
import { ProjectSwitcher } from './project-switcher.tsx'
import { myEntries, organizationEntries, projectEntries, type RailEntry } from './rail-entries.ts'

/** Where the reader is, and the pages there. */
export const Rail = ({ me, place, isOpen }: { readonly me: Me; readonly place: Place; readonly isOpen: boolean }) => (
  <nav className="rail" id="rail" aria-label="Main" data-open={isOpen}>
    <div className="rail-inner">
      <ProjectSwitcher me={me} place={place} />
      <Section
        label={place.project?.name ?? ''}
        entries={place.project === null ? [] : projectEntries(place.project)}
      />
      <Section
        label={place.organization?.name ?? ''}
        entries={place.organization === null ? [] : organizationEntries(place.organization)}
      />
      <Section label="You" entries={place.project === null && place.organization === null ? myEntries : []} />
    </div>
  </nav>
)

const Section = ({ label, entries }: { readonly label: string; readonly entries: readonly RailEntry[] }) =>
  entries.length === 0 ? null : (
    <div>
      <div className="rail-label">{label}</div>
      <ul>
        {entries.map(({ label: text, to }, at) => (
          <li key={to}>
            <Link to={to} className="rail-link" activeOptions={{ exact: at === 0, includeSearch: false }}>
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  )
