import './shell.css'
import '../ui/page.css'
import { Outlet } from '@tanstack/react-router'
import icon from '../icon.svg'

/** Around the pages of people who are not logged in. */
export const BareFrame = () => (
  <main className="bare">
    <div className="bare-card">
      <span className="brand">
        <img src={icon} alt="" />
        Lethe
      </span>
      <Outlet />
    </div>
  </main>
)
