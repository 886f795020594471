import './shell.css'
import '../ui/button.css'
import { useQuery } from '@tanstack/react-query'
import { Outlet, useLocation } from '@tanstack/react-router'
import { Suspense, useEffect, useState } from 'react'
import { regionHere, regionsQuery } from '../api/regions.ts'
import { type Me, meQuery } from '../api/session.ts'
import { BrokenPage } from '../pages/broken-page.tsx'
import { SkeletonPage } from '../ui/skeleton.tsx'
import { CommandMenu } from './command-menu.tsx'
import { type Place, usePlace } from './place.ts'
import { Rail } from './rail.tsx'
import { TopBar } from './top-bar.tsx'
import { WrongRegion } from './wrong-region.tsx'

/** Around every page of who is logged in. Who is not goes to the login (api/query-client.ts) and comes back. */
export const Shell = () => {
  const me = useQuery(meQuery)
  if (me.data !== undefined) return <Frame me={me.data} />
  return me.error === null || isLoggedOut(me.error) ? <SkeletonPage /> : <BrokenPage error={me.error} />
}

const isLoggedOut = (error: Error): boolean => 'status' in error && error.status === 401

const Frame = ({ me }: { readonly me: Me }) => {
  const place = usePlace(me)
  const { pathname } = useLocation()
  const [isRailOpen, setRailOpen] = useState(false)
  const [isCommandsOpen, setCommandsOpen] = useState(false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is what closes it
  useEffect(() => setRailOpen(false), [pathname])
  return (
    <div className="shell">
      <button type="button" className="button skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the page
      </button>
      <TopBar
        me={me}
        place={place}
        isRailOpen={isRailOpen}
        onRail={() => setRailOpen(!isRailOpen)}
        onCommands={() => setCommandsOpen(true)}
      />
      <Rail me={me} place={place} isOpen={isRailOpen} />
      <main className="main" id="main" tabIndex={-1}>
        <Suspense fallback={<SkeletonPage />}>
          <InRegion place={place} />
        </Suspense>
      </main>
      <CommandMenu me={me} place={place} isOpen={isCommandsOpen} setOpen={setCommandsOpen} />
    </div>
  )
}

/** A page asks the host of its project's region; at another one it explains where to go (invariant 2). */
const InRegion = ({ place: { project } }: { readonly place: Place }) => {
  const regions = useQuery(regionsQuery).data
  if (project === null) return <Outlet />
  if (regions === undefined) return <SkeletonPage />
  const here = regionHere(regions)
  if (here === null || here.id === project.region) return <Outlet />
  return <WrongRegion project={project} here={here} regions={regions} />
}
