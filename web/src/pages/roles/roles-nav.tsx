import '../../ui/tabs.css'
import { Link } from '@tanstack/react-router'
import { pathTo } from '../../page-paths.ts'

/** The two pages about who may do what in a project. */
export const RolesNav = ({ projectId }: { readonly projectId: number }) => (
  <nav className="tabs" aria-label="Members and roles">
    <Link className="tab" to={pathTo('projectMembers', { projectId })}>
      Members
    </Link>
    <Link className="tab" to={pathTo('projectRoles', { projectId })}>
      Custom roles
    </Link>
  </nav>
)
